// The console's weight: what every screen needs, and what each screen adds (gzip, as browsers without Brotli get it).
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { init, parse } from 'es-module-lexer'
import { buildConsole } from '../scripts/build-console.mjs'

// handbook: shell at most 150 kB of JavaScript and 15 kB of CSS, any screen at most 60 kB more.
const shellLimit = 150_000
const styleLimit = 15_000
const screenLimit = 60_000

interface Chunk {
  readonly sizeBytes: number
  /** Names of the chunks that are loaded with it. */
  readonly needs: readonly string[]
}

type Chunks = ReadonlyMap<string, Chunk>

async function readChunks(folder: string): Promise<Chunks> {
  await init
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js'))
  const read = async (name: string): Promise<[string, Chunk]> => {
    const body = await readFile(join(folder, name))
    const [imports] = parse(body.toString())
    const needs = imports.flatMap((one) => (one.type === 'static' ? [basename(one.specifier)] : []))
    return [name, { sizeBytes: gzipSync(body, { level: 9 }).length, needs }]
  }
  return new Map(await Promise.all(names.map(read)))
}

function closure(chunks: Chunks, names: readonly string[], known: Set<string> = new Set()): ReadonlySet<string> {
  for (const name of names.filter((one) => !known.has(one))) {
    known.add(name)
    closure(chunks, chunks.get(name)?.needs ?? [], known)
  }
  return known
}

// A screen or a part of one: what is imported when it is opened.
const isOpened =
  /^(?:Audit|Chart|CommandBar|Conditions|Encounters|Medications|Patients|Privacy|Results|Risk|SignIn|Summary|System|TestDetail|Timeline|Viewer|Worklist)-/

const weight = (chunks: Chunks, names: Iterable<string>): number =>
  [...names].reduce((sum, name) => sum + (chunks.get(name)?.sizeBytes ?? 0), 0)

test('the console keeps within its weight', async (t) => {
  const { folder } = await buildConsole()
  const page = await readFile(join(folder, 'index.html'), 'utf8')
  const entries = [...page.matchAll(/(?:src|href)="\/app\/assets\/([^"]+)"/g)].map(([, name]) => name ?? '')
  const chunks = await readChunks(join(folder, 'assets'))
  const shell = closure(
    chunks,
    entries.filter((name) => name.endsWith('.js')),
  )
  const shellBytes = weight(chunks, shell)
  assert.ok(shellBytes > 50_000, 'the shell was found')
  assert.ok(
    [...chunks.values()].some(({ needs }) => needs.length > 3),
    'imports were found',
  )
  t.diagnostic(`shell ${shellBytes} bytes of JavaScript`)
  assert.ok(shellBytes <= shellLimit, `the shell weighs ${shellBytes} bytes`)
  const styles = await Promise.all(
    entries.filter((name) => name.endsWith('.css')).map((name) => readFile(join(folder, 'assets', name))),
  )
  const styleBytes = styles.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0)
  t.diagnostic(`shell ${styleBytes} bytes of CSS`)
  assert.ok(styleBytes > 1000 && styleBytes <= styleLimit, `the shell's styles weigh ${styleBytes} bytes`)
  for (const name of [...chunks.keys()].filter((one) => !shell.has(one) && isOpened.test(one))) {
    const added = [...closure(chunks, [name])].filter((one) => !shell.has(one))
    const bytes = weight(chunks, added)
    t.diagnostic(`${name.replace(/-.*/, '')} adds ${bytes} bytes`)
    assert.ok(bytes <= screenLimit, `${name} adds ${bytes} bytes`)
  }
})
