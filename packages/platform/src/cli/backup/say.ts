// Progress of a backup or a restore, for people.

/** Says one line of progress. */
export type Say = (line: string) => void

/** Progress on standard error; silent for machines. */
export const sayTo =
  (isJson: boolean): Say =>
  (line) => {
    if (!isJson) process.stderr.write(`${line}\n`)
  }
