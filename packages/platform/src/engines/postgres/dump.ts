// Writes whole schemas to files and reads them back: one consistent snapshot out, one transaction in.
// PostgreSQL's own pg_dump is not part of the packaged programs.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { AppError } from '@xinglin/core/errors'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'

/** A table as dumped: rows in COPY's text format, gzipped. */
export interface DumpedTable {
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly file: string
  readonly rows: number
  /** Of the gzipped file, hex. */
  readonly sha256: string
}

/** A sequence's position. */
export interface DumpedSequence {
  readonly schema: string
  readonly name: string
  readonly last: string
  readonly isCalled: boolean
}

/** What a dump consists of besides its files. */
export interface Dump {
  readonly tables: readonly DumpedTable[]
  readonly sequences: readonly DumpedSequence[]
}

/** What dumping and restoring take. */
export interface DumpOptions {
  readonly url: string
  /** Folder of the files. */
  readonly folder: string
  readonly onProgress?: (table: string, done: number, of: number) => void
}

/** What restoring takes besides. */
export interface RestoreOptions extends DumpOptions {
  readonly dump: Dump
  /** What belongs to the rows and must be there before them; its failure undoes all. */
  readonly beforeCommit?: () => Promise<void>
}

interface TableShape {
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
}

const tablesText = `
SELECT c.relnamespace::regnamespace::text AS schema, c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text = ANY ($1)
GROUP BY 1, 2 ORDER BY 1, 2`
const sequencesText = `
SELECT schemaname AS schema, sequencename AS name, COALESCE(last_value, start_value)::text AS last, last_value IS NOT NULL AS "isCalled"
FROM pg_sequences WHERE schemaname = ANY ($1) ORDER BY 1, 2`

const foreignKeysText = `
SELECT conrelid::regclass::text AS "from", confrelid::regclass::text AS "to" FROM pg_constraint
WHERE contype = 'f' AND connamespace::regnamespace::text = ANY ($1) AND conrelid <> confrelid`

const quoted = (name: string): string => pg.escapeIdentifier(name)
const targetOf = ({ schema, table, columns }: TableShape): string =>
  `${quoted(schema)}.${quoted(table)} (${columns.map(quoted).join(', ')})`

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  // No watch as over a pool: a copy may say nothing for long. A line that is gone ends it after some keepalives.
  const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 }
  const limits = { statement_timeout: 0, idle_in_transaction_session_timeout: 0 }
  const client = new pg.Client({ connectionString: url, ...limits, ...keepAlive })
  const lost: { error?: Error } = {}
  client.on('error', (error) => {
    lost.error = error
  })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch((error: Error) => {
      lost.error ??= error // the connection is gone already; the work has said so
    })
  }
}

// Referenced tables before those that refer to them, so that the rows can be read back in this order.
function inOrder(
  shapes: readonly TableShape[],
  keys: readonly { readonly from: string; readonly to: string }[],
): readonly TableShape[] {
  const nameOf = ({ schema, table }: TableShape): string => `${schema}.${table}`
  const placed = new Set<TableShape>()
  const place = (shape: TableShape, depth = 0): void => {
    if (placed.has(shape) || depth > shapes.length) return
    const wanted = keys.filter(({ from }) => from === nameOf(shape)).map(({ to }) => to)
    for (const other of shapes.filter((one) => wanted.includes(nameOf(one)))) place(other, depth + 1)
    placed.add(shape)
  }
  for (const shape of shapes) place(shape)
  return [...placed]
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  await file.sync().finally(() => file.close())
}

async function dumpTable(client: pg.Client, shape: TableShape, folder: string): Promise<DumpedTable> {
  const file = `${shape.schema}.${shape.table}.copy.gz`
  const path = join(folder, file)
  const hash = createHash('sha256')
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const rows = client.query(copyTo(`COPY ${targetOf(shape)} TO STDOUT`))
  await pipeline(rows, createGzip({ level: 3 }), hashed, createWriteStream(path, { mode: 0o600 }))
  await syncFile(path)
  return { ...shape, file, rows: rows.rowCount ?? 0, sha256: hash.digest('hex') }
}

/** Writes every table of the schemas as of one moment; writers are not stopped. */
export function dumpDatabase(options: DumpOptions & { readonly schemas: readonly string[] }): Promise<Dump> {
  const { url, folder, schemas, onProgress } = options
  return withClient(url, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const { rows: found } = await client.query<TableShape>(tablesText, [schemas])
    const { rows: keys } = await client.query<{ from: string; to: string }>(foreignKeysText, [schemas])
    const shapes = inOrder(found, keys)
    const tables: DumpedTable[] = []
    for (const [index, shape] of shapes.entries()) {
      onProgress?.(`${shape.schema}.${shape.table}`, index, shapes.length)
      tables.push(await dumpTable(client, shape, folder))
    }
    // After the rows: sequences do not stand still with the snapshot, and a later position harms nobody.
    const { rows: sequences } = await client.query<DumpedSequence>(sequencesText, [schemas])
    await client.query('COMMIT')
    return { tables, sequences }
  })
}

async function checkFile(folder: string, { file, sha256 }: DumpedTable): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(join(folder, file)), hash).catch((cause: unknown) => {
    throw new AppError('invalid-request', `${file} of the backup cannot be read`, { cause })
  })
  if (hash.digest('hex') === sha256) return
  throw new AppError('invalid-request', `${file} of the backup was changed: its SHA-256 is not the one of the manifest`)
}

/**
 * Reads a dump into a database whose schemas are there: everything or nothing. What the tables held is replaced.
 * @throws AppError 'invalid-request' when a file is missing or was changed; nothing is written then
 */
export async function restoreDatabase(options: RestoreOptions): Promise<void> {
  const { url, folder, dump, onProgress, beforeCommit } = options
  for (const table of dump.tables) await checkFile(folder, table)
  await withClient(url, async (client) => {
    await client.query('BEGIN')
    const names = dump.tables.map(({ schema, table }) => `${quoted(schema)}.${quoted(table)}`)
    if (names.length > 0) await client.query(`TRUNCATE ${names.join(', ')}`)
    for (const [index, table] of dump.tables.entries()) {
      onProgress?.(`${table.schema}.${table.table}`, index, dump.tables.length)
      const rows = client.query(copyFrom(`COPY ${targetOf(table)} FROM STDIN`))
      await pipeline(createReadStream(join(folder, table.file)), createGunzip(), rows)
    }
    for (const { schema, name, last, isCalled } of dump.sequences) {
      const values = [`${quoted(schema)}.${quoted(name)}`, last, isCalled]
      await client.query('SELECT setval($1::regclass, $2::bigint, $3)', values)
    }
    await beforeCommit?.()
    await client.query('COMMIT')
    await client.query('ANALYZE')
  })
}
