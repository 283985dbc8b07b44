// Rows in the text format of COPY: tab between values, backslash escapes, \N for null.
// https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS-TEXT

/** A value that can be copied. */
export type CopyValue = string | number | boolean | null

const special = /[\\\n\r\t]/
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const chunkCharacters = 64 * 1024

function copyValue(value: CopyValue): string {
  if (value === null) return '\\N'
  if (typeof value !== 'string') return String(value)
  return special.test(value) ? value.replace(/[\\\n\r\t]/g, (character) => escapes[character] ?? character) : value
}

/** One row as a line of COPY text. */
export function copyLine(row: readonly CopyValue[]): string {
  return `${row.map(copyValue).join('\t')}\n`
}

/** Rows as chunks of about 64 kB, so that a million rows never stand in memory at once. */
export function* copyChunks(rows: Iterable<readonly CopyValue[]>): Generator<string> {
  let chunk = ''
  for (const row of rows) {
    chunk += copyLine(row)
    if (chunk.length >= chunkCharacters) {
      yield chunk
      chunk = ''
    }
  }
  if (chunk !== '') yield chunk
}
