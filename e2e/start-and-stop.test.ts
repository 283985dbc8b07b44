// Start and stop as a terminal does them: Ctrl-C reaches the server twice, comes too early, or the last run never stopped.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { RunState } from '../packages/platform/src/cli/run-state.ts'
import { freePorts } from '../packages/platform/src/cli/system.ts'
import { xinglin } from './xinglin.ts'

const program = fileURLToPath(new URL('../packages/platform/src/cli/main.ts', import.meta.url))
const limitMs = 120_000 // a guard against hanging

let folder: string
let settings: Record<string, string>
let firstPort: string | undefined // of PostgreSQL, in the first run

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin start '))
  await chmod(folder, 0o711) // else PostgreSQL's account could not reach it, and clusters would be left elsewhere
  settings = { ...(await freePorts()), LOG_LEVEL: 'error', XINGLIN_DATA: join(folder, 'data') }
})

after(() => rm(folder, { recursive: true, force: true }))

interface Started {
  readonly child: ChildProcess
  /** Exit code and signal, also when it ended before anybody waited. */
  readonly ended: Promise<readonly unknown[]>
  readonly printed: () => string
}

function start(more: Record<string, string> = {}, channel: 'ipc' | 'ignore' = 'ignore'): Started {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'start'], {
    env: { ...process.env, ...settings, ...more },
    stdio: ['ignore', 'pipe', 'pipe', channel],
  })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk))
  return { child, ended: once(child, 'exit'), printed: () => Buffer.concat(output).toString() }
}

async function waitFor<T>(what: string, seen: () => Promise<T | undefined>): Promise<T> {
  const until = Date.now() + limitMs
  for (let found = await seen(); ; found = await seen()) {
    if (found !== undefined) return found
    assert.ok(Date.now() < until, `${what} not within ${limitMs} ms`)
    await delay(20)
  }
}

const readOrNothing = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').then(
    (text) => text,
    () => undefined,
  )

const runFile = (): string => join(folder, 'data', 'run.json')

const whenReady = ({ child, printed }: Started): Promise<RunState> =>
  waitFor('ready', async () => {
    assert.equal(child.exitCode, null, printed())
    if (!printed().includes('is ready')) return undefined
    return JSON.parse(await readFile(runFile(), 'utf8')) as RunState
  })

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a Ctrl-C that reaches the server twice stops it cleanly, PostgreSQL too', async () => {
  const run = start()
  const { postgresPid = 0, databaseUrl } = await whenReady(run)
  firstPort = new URL(databaseUrl).port
  assert.ok(isAlive(postgresPid))
  run.child.kill('SIGINT')
  await delay(30)
  run.child.kill('SIGINT')
  assert.deepEqual(await run.ended, [0, null], run.printed())
  assert.match(run.printed(), /is stopped/)
  assert.equal(isAlive(postgresPid), false)
  assert.equal(await readOrNothing(runFile()), undefined)
})

test('a Ctrl-C while it starts leaves nothing running', async () => {
  const data = join(folder, 'early')
  const run = start({ XINGLIN_DATA: data })
  const pidFile = join(data, 'postgres', 'cluster', 'data', 'postmaster.pid')
  const text = await waitFor('PostgreSQL', () => readOrNothing(pidFile))
  run.child.kill('SIGINT')
  assert.deepEqual(await run.ended, [0, null], run.printed())
  assert.match(run.printed(), /stopped while it started/)
  assert.equal(isAlive(Number(text.split('\n')[0])), false)
})

test('a system that the demo, a proof or a test started ends when that program is killed', async () => {
  const script = `
    import { freePorts, startSystem } from ${JSON.stringify(new URL('../packages/platform/src/cli/system.ts', import.meta.url).href)}
    const { state } = await startSystem(${JSON.stringify(join(folder, 'data'))}, { ...(await freePorts()), LOG_LEVEL: 'error' })
    console.log(state.pid, state.postgresPid)`
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(owner, 'exit').then(() => assert.fail('the program ended before its system was ready'))
  const [printed] = (await Promise.race([once(owner.stdout, 'data'), ended])) as [Buffer]
  ended.catch(() => undefined) // it is killed below
  const pids = String(printed).trim().split(' ').map(Number)
  assert.ok(pids.length === 2 && pids.every(isAlive))
  owner.kill('SIGKILL')
  await waitFor('the end of both', async () => (pids.some(isAlive) ? undefined : true))
})

test('a system whose start fails ends, also where another program holds a channel to it', async () => {
  const absent = join(folder, 'absent.pem') // read when PostgreSQL runs already
  const faulty = { GATEWAY_TLS_HOST: '127.0.0.1', GATEWAY_TLS_PORT: settings['GATEWAY_TLS_PORT'] ?? '' }
  const run = start({ ...faulty, GATEWAY_TLS_CERT: absent, GATEWAY_TLS_KEY: absent }, 'ipc')
  assert.deepEqual(await run.ended, [1, null], run.printed())
  assert.match(run.printed(), /absent\.pem/)
})

test('a run state whose process id now belongs to another program does not keep the system from starting', async () => {
  const left = { pid: process.pid, startedAt: '2020-01-01T00:00:00Z', processStartedAt: '1', gatewayUrl: 'http://x' }
  await writeFile(runFile(), JSON.stringify(left))
  const { code } = await xinglin(['status'], settings)
  assert.equal(code, 1)
  const run = start()
  const { databaseUrl } = await whenReady(run)
  run.child.kill('SIGTERM')
  assert.deepEqual(await run.ended, [0, null], run.printed())
  // PostgreSQL keeps its port over restarts, so that the other processes of a split system find it again.
  assert.equal(new URL(databaseUrl).port, firstPort)
})

test('a taken port of PostgreSQL is named with its setting', async () => {
  const blocker = createServer()
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
  const address = blocker.address()
  const port = typeof address === 'object' && address !== null ? String(address.port) : ''
  const { code, err } = await xinglin(['start'], { ...settings, XINGLIN_POSTGRES_PORT: port })
  blocker.close()
  assert.equal(code, 1)
  assert.match(err, new RegExp(`${port}.*XINGLIN_POSTGRES_PORT`))
})

test('a data folder of somebody else is refused with the owner’s name, not with a stack', async (context) => {
  if (process.getuid?.() === 0) return context.skip('needs an ordinary user: root may read every folder')
  const data = join(folder, 'closed')
  await mkdir(data, { mode: 0o000 })
  for (const words of [['start'], ['status'], ['start', 'patient'], ['restore', folder]]) {
    const { code, err } = await xinglin(words, { ...settings, XINGLIN_DATA: data })
    assert.equal(code, 1)
    assert.match(err, /belongs to .*XINGLIN_DATA/)
    assert.doesNotMatch(err, /\n\s+at /)
  }
  const { code, out } = await xinglin(['doctor'], { ...settings, XINGLIN_DATA: data })
  assert.equal(code, 1)
  assert.match(out, /belongs to/)
})

test('a system of the demo or of a test stands apart from the database and registry that are set', async () => {
  assert.deepEqual(
    [(await freePorts()).DATABASE_URL, (await freePorts()).CONSUL_HTTP_ADDR, (await freePorts()).SERVICES],
    ['', '', ''],
  )
})
