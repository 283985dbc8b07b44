// Files with lines that are no records: each is refused with its place, and the lines around it are read.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { listSources, readUnits } from './read.ts'

const folder = await mkdtemp(join(tmpdir(), 'xinglin-odd-'))
after(() => rm(folder, { recursive: true, force: true }))

const sound = (id: string): string => JSON.stringify({ resourceType: 'Patient', id })
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const odd = [
  '{"resourceType":"Bundle","type":"transaction","entry":"x"}',
  '{"resourceType":"Bundle","type":"batch","entry":[null]}',
  '{"resourceType":"Bundle","type":"batch","entry":[[]]}',
  '{"resourceType":"Bundle","type":"batch","entry":[{"request":7}]}',
  `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient","a":${nested(200)}}}]}`,
  `{"resourceType":"Patient","id":"deep","extension":${nested(200)}}`,
  `{"resourceType":"Patient","extension":${nested(100_000)}}`,
  '{"_id":"7","name":[{"family":"x"}],"birth_date":{"$date":1e20}}',
  '{"resourceType":"Patient","id":"half"',
  '[]',
]

async function piecesOf(name: string, text: string) {
  const path = join(folder, name)
  await writeFile(path, text)
  const read = { ids: [] as unknown[], refusals: [] as string[] }
  for (const file of await listSources(path)) {
    for await (const piece of readUnits(file)) {
      if ('refusal' in piece) read.refusals.push(piece.refusal)
      else read.ids.push(...(piece.unit.bundle.entry ?? []).map(({ resource }) => resource?.id))
    }
  }
  return read
}

test('a line that is no record is refused alone, with its place', async () => {
  const text = odd.flatMap((line, at) => [sound(`p${at}`), line]).join('\n')
  const { ids, refusals } = await piecesOf('odd.ndjson', text)
  assert.deepEqual(
    ids,
    odd.map((_, at) => `p${at}`),
  )
  assert.deepEqual(
    refusals.map((refusal) => refusal.split(': ', 1)[0]),
    odd.map((_, at) => `odd.ndjson:${2 * at + 2}`),
  )
})

test('so is one of the values of a file that holds a list', async () => {
  const { ids, refusals } = await piecesOf('odd.json', `[${sound('a')},7,${odd[1]},${sound('b')}]`)
  assert.deepEqual(ids, ['a', 'b'])
  assert.equal(refusals.length, 2)
})

test('a resource as deep as the server takes one is read', async () => {
  const { ids } = await piecesOf('deep.ndjson', `{"resourceType":"Patient","id":"d","extension":${nested(100)}}`)
  assert.deepEqual(ids, ['d'])
})
