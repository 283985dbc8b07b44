// The plug is pulled in the middle of a round: the round goes on, and what was returned is not asked for again.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../kernel/free-port.ts'
import { testDatabase } from '../../testing/database.ts'
import { federated } from './index.ts'
import { ended, serviceUnderTest, until } from './under-test/service.ts'
import { joinToy } from './under-test/toy-site.ts'

const program = fileURLToPath(new URL('./under-test/process.ts', import.meta.url))

const children: ChildProcess[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
})

async function startProcess(words: readonly string[]): Promise<ChildProcess> {
  const child = fork(program, [...words], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  children.push(child)
  await once(child, 'message')
  return child
}

async function pullPlug(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

test('after kill -9 in round 2 the same round goes on with the site that is missing alone', async () => {
  const database = await testDatabase([federated.sql])
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-federated-'))
  const port = await freePort()
  const words = [database.url, folder, String(port)]
  // A second service without sites gives the HTTP answers: all it knows is in the database.
  const watcher = await serviceUnderTest({ sql: database.sql, folder, isReader: true })
  const plan = { name: 'plug', rounds: 3, minSites: 2, join: 'token' }
  const { id } = (await watcher.ask('/api/v1/federations', { method: 'POST', payload: plan })).body
  const tokenOf = async (name: string) =>
    (await watcher.ask(`/api/v1/federations/${id}/sites`, { method: 'POST', payload: { name } })).body.token
  const [quickToken, slowToken] = [await tokenOf('quick'), await tokenOf('slow')]
  await watcher.close()
  const first = await startProcess(words)
  const { sql } = database
  await sql.query({ text: "UPDATE federated.federation SET state = 'running' WHERE id = $1", values: [id] })
  const asked: number[] = []
  const gate: { open: () => void } = { open: () => undefined }
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve
  })
  const address = `127.0.0.1:${port}`
  const quick = joinToy(
    address,
    { step: 1, examples: 1, before: async (round) => void asked.push(round) },
    { token: quickToken },
  )
  const slow = joinToy(
    address,
    { step: 3, examples: 1, before: (round) => (round === 2 ? opened : Promise.resolve()) },
    { token: slowToken },
  )
  await until(async () => {
    const rows = await sql.query({
      text: "SELECT 1 FROM federated.site_update WHERE round = 2 AND outcome = 'returned'",
    })
    return rows.length > 0
  })
  await pullPlug(first)
  const second = await startProcess(words)
  gate.open()
  const reader = await serviceUnderTest({ sql, folder, isReader: true })
  const body = await ended(reader, id)
  assert.equal(body.state, 'finished')
  await Promise.all([quick, slow])
  assert.deepEqual(asked, [1, 2, 3], 'the quick site trained each round once')
  const { rounds } = (await reader.ask(`/api/v1/federations/${id}/rounds`)).body
  assert.deepEqual(
    rounds.map(({ number, returned, loss }) => [number, returned, loss]),
    [
      [0, 1, null],
      [1, 2, 2],
      [2, 2, 4],
      [3, 2, 6],
    ],
  )
  const { events } = (await reader.ask(`/api/v1/federations/${id}/events`)).body
  assert.ok(
    events.some(({ sentence }) => sentence === 'Resumed at round 2'),
    events.map(({ sentence }) => sentence).join('\n'),
  )
  second.kill('SIGTERM')
  await reader.close()
  await database.close()
  await rm(folder, { recursive: true, force: true })
})
