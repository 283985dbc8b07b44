// The knowledge that comes with Xinglin: the TSV files under data/, with a checksum that names their version.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type KnowledgeRow, type KnowledgeRows, type KnowledgeTable, knowledgeTables } from './tables.ts'

/** The folder of the data files. */
export const dataFolder = new URL('../../../../../../data/', import.meta.url)

/** The rows of the files, and what they are known by. */
export interface Seed {
  readonly rows: KnowledgeRows
  readonly checksum: string
}

/**
 * Reads a TSV text with a header line into rows.
 * @throws Error when the header lacks a column of the table
 */
export function rowsOf(text: string, table: KnowledgeTable): readonly KnowledgeRow[] {
  const [head = '', ...lines] = text.replaceAll('\r\n', '\n').trimEnd().split('\n')
  const header = head.split('\t')
  const places = table.columns.map(({ name }) => header.indexOf(name))
  const lacking = table.columns.filter((_, index) => places[index] === -1)
  if (lacking.length > 0) throw new Error(`${table.file} lacks ${lacking.map(({ name }) => name).join(', ')}`)
  return lines.map((line) => {
    const cells = line.split('\t')
    return Object.fromEntries(table.columns.map(({ name }, index) => [name, cells[places[index] ?? 0] ?? '']))
  })
}

/** The checksum of rows: SHA-256 over tables, columns and cells in order, hex. */
export function checksumOf(rows: KnowledgeRows): string {
  const hash = createHash('sha256')
  for (const table of knowledgeTables) {
    hash.update(`${table.name}\n`)
    for (const row of rows.get(table.name) ?? []) {
      hash.update(`${table.columns.map(({ name }) => row[name] ?? '').join('\t')}\n`)
    }
  }
  return hash.digest('hex')
}

/** Reads all files. */
export async function readSeed(folder: URL = dataFolder): Promise<Seed> {
  const read = await Promise.all(
    knowledgeTables.map(async (table) => {
      const text = await readFile(new URL(table.file, folder), 'utf8')
      return [table.name, rowsOf(text, table)] as const
    }),
  )
  const rows = new Map(read)
  return { rows, checksum: checksumOf(rows) }
}
