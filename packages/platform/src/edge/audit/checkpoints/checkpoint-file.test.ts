// The file of checkpoints: whatever a crash leaves of it, complete lines are read and the next one is appended after them.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { type Checkpoint, isSigned, parseLine, signCheckpoint, signedNote, toLine } from './checkpoint.ts'
import { appendLines, checkpointFileEnd, checkpointFileName, readCheckpointFile } from './checkpoint-file.ts'
import { openSigningKeys, readPublicKey } from './signing-key.ts'

const shared = { folder: '' }
const keys = generateKeyPairSync('ed25519')
const trail = randomUUID()

const path = (): string => join(shared.folder, checkpointFileName)

function made(number: number): Checkpoint {
  const body = {
    number,
    trail,
    size: number * 10 + 1,
    root: 'a'.repeat(64),
    chain: 'b'.repeat(64),
    at: '2026-08-14T08:00:00.000Z',
  }
  return signCheckpoint(body, keys)
}

async function numbers(): Promise<readonly (number | undefined)[]> {
  const found: (number | undefined)[] = []
  const end = await checkpointFileEnd(shared.folder)
  for await (const { checkpoint } of readCheckpointFile(shared.folder, end)) found.push(checkpoint?.number)
  return found
}

before(async () => {
  shared.folder = await mkdtemp(join(tmpdir(), 'xinglin-checkpoints-'))
})

beforeEach(() => rm(path(), { force: true }))

after(() => rm(shared.folder, { recursive: true }))

test('lines come back in their order', async () => {
  assert.deepEqual(await numbers(), [])
  await appendLines(shared.folder, [toLine(made(0))])
  await appendLines(shared.folder, [toLine(made(1)), toLine(made(2))])
  assert.deepEqual(await numbers(), [0, 1, 2])
  assert.equal((await checkpointFileEnd(shared.folder)).last?.number, 2)
})

test('a file cut at any byte gives its complete lines, and the next line follows them', async () => {
  const lines = [0, 1, 2].map((number) => toLine(made(number)))
  await appendLines(shared.folder, lines)
  const whole = await readFile(path())
  for (let size = 0; size <= whole.length; size += 13) {
    await writeFile(path(), whole.subarray(0, size))
    const complete = whole.subarray(0, size).toString().split('\n').length - 1
    const end = await checkpointFileEnd(shared.folder)
    assert.equal(end.isTorn, size > 0 && whole[size - 1] !== 0x0a, `cut at ${size}`)
    assert.equal(end.last?.number, complete === 0 ? undefined : complete - 1)
    assert.equal(await appendLines(shared.folder, [toLine(made(7))]), end.isTorn)
    assert.deepEqual(await numbers(), [...[0, 1, 2].slice(0, complete), 7])
  }
})

test('zeros after the end, as some file systems leave them after a loss of power, are dropped', async () => {
  await appendLines(shared.folder, [toLine(made(0))])
  await truncate(path(), (await stat(path())).size + 5000)
  assert.equal((await checkpointFileEnd(shared.folder)).isTorn, true)
  await appendLines(shared.folder, [toLine(made(1))])
  assert.deepEqual(await numbers(), [0, 1])
})

test('thousands of lines and endless ones are read in bounded pieces', async () => {
  const lines = Array.from({ length: 3000 }, (_, number) => toLine(made(number)))
  await appendLines(shared.folder, lines)
  await appendFile(path(), `${'x'.repeat(1_000_000)}\n`)
  await appendLines(shared.folder, [toLine(made(3000))])
  const found = await numbers()
  assert.equal(found.length, 3002)
  assert.deepEqual(found.slice(2999), [2999, undefined, 3000])
})

// Appends as fast as it can, and says which number is on disk.
const appender = (folder: string, from: number): string => `
  const { appendLines } = await import(${JSON.stringify(new URL('./checkpoint-file.ts', import.meta.url).href)})
  for (let number = ${from}; ; number++) {
    await appendLines(${JSON.stringify(folder)}, [JSON.stringify({ number, filler: 'x'.repeat(3000) })])
    process.stdout.write(number + '\\n')
  }`

function lastSaid(child: ChildProcess, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk) => {
      text += String(chunk)
      if (text.split('\n').length > count) child.kill('SIGKILL')
    })
    child.once('error', reject)
    child.once('close', () => resolve(Number(text.trimEnd().split('\n').at(-1))))
  })
}

test('kill -9 in the middle of appending loses no line that was said to be on disk', async () => {
  let next = 0
  for (let round = 0; round < 8; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', appender(shared.folder, next)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said = await lastSaid(child, 3 + round * 2)
    const complete = (await readFile(path(), 'utf8')).split('\n').slice(0, -1)
    const found = complete.map((line) => (JSON.parse(line) as { number: number }).number)
    assert.ok(found.length > said, `said ${said}, found ${found.length}`)
    assert.deepEqual(
      found,
      found.map((_, at) => at),
    )
    next = found.length
  }
})

test('a line is a checkpoint only exactly as it was written', () => {
  const line = toLine(made(3))
  assert.deepEqual(parseLine(line), made(3))
  for (const other of [
    ` ${line}`,
    line.replace('"number":3', '"number": 3'),
    line.replace('"number":3', '"number":03'),
    line.replace('{', '{"more":1,'),
    line.replace('"size":31', '"size":-31'),
    line.replace('"size":31', '"size":1e400'),
    line.slice(0, -1),
    'null',
    '[]',
    '',
  ]) {
    assert.equal(parseLine(other), undefined, other)
  }
})

test('a signature holds for its checkpoint and key alone', () => {
  const checkpoint = made(3)
  assert.equal(isSigned(checkpoint, keys.publicKey), true)
  assert.equal(isSigned(checkpoint, generateKeyPairSync('ed25519').publicKey), false)
  const changes: readonly Partial<Checkpoint>[] = [
    { number: 4 },
    { size: 32 },
    { root: 'c'.repeat(64) },
    { chain: 'c'.repeat(64) },
    { at: '2026-08-14T08:00:00.001Z' },
    { trail: randomUUID() },
  ]
  for (const change of changes) assert.equal(isSigned({ ...checkpoint, ...change }, keys.publicKey), false)
})

test('the note has the form of C2SP signed notes: text, blank line, key name, key id and signature', () => {
  const [text = '', signature = ''] = signedNote(made(3)).split('\n\n')
  const [origin, size, root] = text.split('\n')
  assert.deepEqual([origin, size, root], [`xinglin.audit/${trail}`, '31', Buffer.alloc(32, 0xaa).toString('base64')])
  const [dash, name, encoded = ''] = signature.trimEnd().split(' ')
  assert.deepEqual([dash, name], ['—', origin])
  assert.equal(Buffer.from(encoded, 'base64').length, 4 + 64)
})

test('processes that open the same folder together agree on one key', async () => {
  const folder = join(shared.folder, 'together')
  const opened = await Promise.all(Array.from({ length: 10 }, () => openSigningKeys(folder)))
  assert.equal(new Set(opened.map(({ publicPem }) => publicPem)).size, 1)
  const stored = await readPublicKey(folder)
  assert.ok(stored?.equals(createPublicKey(opened[0]?.publicPem ?? '')))
})

test('a folder or key that cannot be used is named', async () => {
  const folder = join(shared.folder, 'spoilt')
  await openSigningKeys(folder)
  await writeFile(join(folder, 'signing-key.pem'), 'no key')
  await assert.rejects(
    openSigningKeys(folder),
    (error) => error instanceof AppError && /signing-key.pem holds no key/.test(error.message),
  )
  const file = join(shared.folder, 'a file')
  await writeFile(file, '')
  await assert.rejects(
    openSigningKeys(file),
    (error) => error instanceof AppError && /cannot be used \(EEXIST\)/.test(error.message),
  )
})
