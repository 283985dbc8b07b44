// How far an import is, and how long it will take (pure).

/** Counts while an import runs. */
export interface ImportProgress {
  readonly files: number
  readonly filesDone: number
  /** Size of all files. */
  readonly bytes: number
  /** How much of that the server has answered for, or had already; rounded. */
  readonly bytesDone: number
  /** How much of this it had already. */
  readonly bytesSkipped: number
  /** Resources acknowledged in this run. */
  readonly resources: number
  /** Resources that an earlier run had already brought in. */
  readonly skipped: number
  readonly refused: number
  readonly elapsedMs: number
}

const fewestMs = 2000

/** The estimated rest in ms; undefined while there is too little to tell it from. */
export function leftMs({ bytes, bytesDone, bytesSkipped, elapsedMs }: ImportProgress): number | undefined {
  const sentBytes = bytesDone - bytesSkipped
  if (elapsedMs < fewestMs || sentBytes <= 0) return undefined
  return ((bytes - bytesDone) * elapsedMs) / sentBytes
}

/** A time in words: `40 s`, `3 min`, `2 h 5 min`; `…` where it is not known. */
export function inWords(ms: number | undefined): string {
  if (ms === undefined) return '…'
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
