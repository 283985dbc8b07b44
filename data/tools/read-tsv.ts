// Reading and writing the TSV files of data/: one header line, tab-separated, no quoting, texts without tabs or line ends.
import { readFileSync, writeFileSync } from 'node:fs'

/** One row by column name. */
export type Row = Readonly<Record<string, string>>

/** Reads a TSV file. */
export function readTsv(path: URL): readonly Row[] {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const columns = head.split('\t')
  return lines.map((line) => {
    const cells = line.split('\t')
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))
  })
}

/** Writes rows in the order of the columns; throws when a text would break the format. */
export function writeTsv(path: URL, columns: readonly string[], rows: readonly Row[]): void {
  const lines = rows.map((row) =>
    columns
      .map((column) => {
        const text = row[column] ?? ''
        if (/[\t\r\n]/.test(text)) throw new Error(`${path.pathname}: ${column} has a tab or line end: ${text}`)
        return text
      })
      .join('\t'),
  )
  writeFileSync(path, `${[columns.join('\t'), ...lines].join('\n')}\n`)
}
