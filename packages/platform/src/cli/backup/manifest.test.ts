// Manifests of strangers and of half a copy: refused in one sentence, and never followed out of their folders.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { readManifest } from './manifest.ts'

const folder = await mkdtemp(join(tmpdir(), 'xinglin-manifest-'))
after(() => rm(folder, { recursive: true, force: true }))

const table = { schema: 'emr', table: 'note', columns: ['id'], file: 'emr.note.copy.gz', rows: 1, sha256: 'a' }
const sound = {
  ...{ kind: 'xinglin-backup', version: '0.1.0', at: '2026-01-01T00:00:00Z', migrations: ['kernel/0001.sql'] },
  dump: { tables: [table], sequences: [{ schema: 'audit', name: 'seq', last: '7', isCalled: true }] },
  folders: ['audit', 'keys', 'ai/own'],
  files: { file: 'files.sha256', count: 0, sha256: 'a' },
}

async function reading(text: string): Promise<unknown> {
  await writeFile(join(folder, 'manifest.json'), text)
  return readManifest(folder)
}

async function demandRefused(text: string): Promise<void> {
  const isPlain = (error: unknown) => error instanceof AppError && error.code === 'invalid-request'
  await assert.rejects(reading(text), isPlain, text.slice(0, 80))
}

test('a sound manifest is read, also one of before there was a list', async () => {
  assert.deepEqual(await reading(JSON.stringify(sound)), sound)
  const { files: _, ...older } = sound
  assert.deepEqual(await reading(JSON.stringify(older)), older)
})

test('what is no manifest, or half of one, is refused in words', async () => {
  const whole = JSON.stringify(sound)
  const { migrations: _, ...lacking } = sound
  const texts = ['', 'nonsense', 'null', '7', '[]', '{"kind":"xinglin-backup"}', whole.slice(0, -9)]
  for (const text of [...texts, JSON.stringify(lacking)]) await demandRefused(text)
  const tables = [7, { ...table, columns: 'id' }, { ...table, sha256: undefined }]
  for (const one of tables) await demandRefused(JSON.stringify({ ...sound, dump: { tables: [one], sequences: [] } }))
})

test('one that leads out of its folder or into the database’s is refused', async () => {
  for (const file of ['../emr.note.copy.gz', '/etc/passwd', 'a/../../b', ''])
    await demandRefused(JSON.stringify({ ...sound, dump: { tables: [{ ...table, file }], sequences: [] } }))
  for (const path of ['..', '../elsewhere', '/etc', '', '.', 'keys/../../x', 'postgres', 'postgres/data'])
    await demandRefused(JSON.stringify({ ...sound, folders: ['audit', path] }))
  await demandRefused(JSON.stringify({ ...sound, models: '../../models' }))
})
