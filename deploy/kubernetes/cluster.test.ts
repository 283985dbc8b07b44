// What the manifests say, done here against a real PostgreSQL: migration, two pods, the nightly backup, its way back.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemKeys } from '../../packages/platform/src/composition/keys.ts'
import {
  connectPostgres,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../packages/platform/src/engines/postgres/index.ts'
import { callerHeader, signInternalToken } from '../../packages/platform/src/kernel/internal-token.ts'
import { silentLogger as log } from '../../packages/platform/src/testing/silent-logger.ts'
import { imageEnvironment } from '../docker/image-environment.ts'
import { committed, environmentOf, type Pod, podNamed } from './committed.ts'

const run = promisify(execFile)
const program = fileURLToPath(new URL('../../packages/platform/src/cli/main.ts', import.meta.url))
const ready = fileURLToPath(new URL('../docker/ready.mjs', import.meta.url))
// Loopback addresses of their own, one a pod: every pod listens on the same ports.
const hosts = { clinical: '127.0.81.1', audit: '127.0.81.2' } as const
const secret = 'a secret of this test, long enough for a key'

interface State {
  folder: string
  server: EmbeddedPostgres
  /** Addresses of two databases: the system's, and the one that it is restored into. */
  first: string
  second: string
  readonly children: ChildProcess[]
}

const state = { children: [] } as unknown as State // before() fills it

async function newDatabase(name: string): Promise<string> {
  const sql = connectPostgres({ url: state.server.url, poolSize: 1, log })
  await sql.query({ text: `CREATE DATABASE ${name}` })
  await sql.close()
  return state.server.url.replace(/\/[^/]*$/, `/${name}`)
}

before(async () => {
  state.folder = await mkdtemp(join(tmpdir(), 'xinglin-cluster-'))
  // With fsync, as a system demands it.
  state.server = await startEmbeddedPostgres({ dataFolder: join(state.folder, 'postgres'), log })
  state.first = await newDatabase('first')
  state.second = await newDatabase('second')
  // The program of the image, as its scripts call it.
  const shim = join(state.folder, 'bin/xinglin')
  await mkdir(join(state.folder, 'bin'))
  await writeFile(
    shim,
    `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${program}' "$@"\n`,
  )
  await chmod(shim, 0o755)
})

after(async () => {
  for (const child of state.children) if (child.exitCode === null) child.kill('SIGKILL')
  await state.server.stop()
  await rm(state.folder, { recursive: true, force: true })
})

async function environment(pod: Pod, database: string, own: Record<string, string> = {}) {
  const secretOf = (name: string): string => (name === 'DATABASE_URL' ? database : secret)
  const path = `${join(state.folder, 'bin')}:${process.env['PATH'] ?? ''}`
  // No cluster is here: neither its names nor its engines.
  const absent = {
    CONSUL_HTTP_ADDR: 'http://127.0.81.9:8500',
    BLOBS_S3_BUCKET: '',
    SERVICE_DNS: '{service}.localhost:8000',
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
  }
  return {
    ...(await imageEnvironment()),
    ...environmentOf(pod, secretOf),
    ...absent,
    LOG_LEVEL: 'error',
    ...own,
    PATH: path,
  }
}

async function start(pod: Pod, host: string): Promise<ChildProcess> {
  const data = join(state.folder, pod.of.metadata.name)
  const env = await environment(pod, state.first, { SERVICE_HOST: host, XINGLIN_DATA: data })
  const child = spawn('xinglin', pod.container.args ?? [], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  state.children.push(child)
  return child
}

async function healthAt(host: string, port: number): Promise<{ readonly service: string }> {
  for (const until = Date.now() + 180_000; Date.now() < until; await delay(100)) {
    const answer = await fetch(`http://${host}:${port}/health/live`).catch(() => undefined)
    if (answer?.ok === true) return (await answer.json()) as { readonly service: string }
  }
  throw new Error(`Nothing answers on port ${port} of ${host}`)
}

interface Target {
  readonly name: string
  readonly port: number
}

// Where each Service of a pod leads, but for doors that speak no HTTP of ours.
function targetsOf({ labels }: Pod): readonly Target[] {
  return committed
    .filter(({ kind, spec }) => {
      const selector = (spec?.['selector'] ?? {}) as Record<string, string>
      return kind === 'Service' && Object.entries(selector).every(([key, value]) => labels[key] === value)
    })
    .map(({ metadata, spec }) => {
      const [port] = (spec?.['ports'] ?? []) as readonly { readonly targetPort: number }[]
      return { name: metadata.name, port: port?.targetPort ?? 0 }
    })
}

function targetOf(service: string): number {
  const all = [podNamed('Deployment', 'clinical'), podNamed('StatefulSet', 'audit')].flatMap(targetsOf)
  return all.find(({ name }) => name === service)?.port ?? 0
}

async function writePatient(): Promise<string> {
  const keys = await systemKeys(state.folder, secret)
  const caller = { subject: 'test', name: 'Test', roles: ['clinician'], scopes: [], purpose: 'TREAT' } as const
  const answer = await fetch(`http://${hosts.clinical}:${targetOf('patient')}/fhir/Patient`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', [callerHeader]: signInternalToken(caller, keys.internal) },
    body: JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Zhang' }] }),
  })
  assert.equal(answer.status, 201)
  return ((await answer.json()) as { readonly id: string }).id
}

async function runScript(pod: Pod, database: string, own: Record<string, string>): Promise<string> {
  const [shell = '', ...rest] = pod.container.command ?? []
  const { stdout } = await run(shell, rest, { env: await environment(pod, database, own) })
  return stdout
}

test('the migration job brings an empty database up to date', async () => {
  const pod = podNamed('Job', 'migrate')
  const { stdout } = await run('xinglin', pod.container.args ?? [], { env: await environment(pod, state.first) })
  assert.match(stdout, /^\d+ migrations ran\.\n$/)
})

test('each Service leads to the port where its room answers, and the pod says when it is ready', async () => {
  const clinical = podNamed('Deployment', 'clinical')
  await start(clinical, hosts.clinical)
  await start(podNamed('StatefulSet', 'audit'), hosts.audit)
  const targets = targetsOf(clinical)
  assert.deepEqual(targets.map(({ name }) => name).toSorted(), ['emr', 'patient', 'pharmacy', 'triage'])
  for (const { name, port } of targets) assert.equal((await healthAt(hosts.clinical, port)).service, name)
  assert.equal((await healthAt(hosts.audit, targetOf('audit'))).service, 'audit')
  const command = clinical.container.readinessProbe?.exec?.command ?? []
  assert.deepEqual(command.slice(0, 2), ['node', '/usr/local/lib/xinglin/ready.mjs'])
  await run(process.execPath, [ready, ...command.slice(2)], { env: { SERVICE_HOST: hosts.clinical } })
  const dead = run(process.execPath, [ready, ...command.slice(2), '8999'], { env: { SERVICE_HOST: hosts.clinical } })
  await assert.rejects(dead)
})

test('the nightly backup is restored whole into an empty system, by the lines of the manifests', async () => {
  const id = await writePatient()
  const backups = join(state.folder, 'backups')
  await mkdir(join(backups, '20200101T000000Z'), { recursive: true }) // what an interrupted one left
  const cron = podNamed('CronJob', 'backup')
  const at = { BACKUP_FOLDER: backups, XINGLIN_DATA: join(state.folder, 'audit') }
  assert.match(await runScript(cron, state.first, { ...at, BACKUPS_KEPT: '1' }), /"rows":\d+/)
  const [kept, ...others] = await readdir(backups)
  assert.deepEqual(others, [])
  assert.match(kept ?? '', /^\d{8}T\d{6}Z$/)
  assert.notEqual(kept, '20200101T000000Z')

  const back = await runScript(podNamed('Job', 'restore'), state.second, {
    ...{ BACKUP_FOLDER: backups, XINGLIN_DATA: join(state.folder, 'restored') },
  })
  const { rows, audit } = JSON.parse(back) as { readonly rows: number; readonly audit: { readonly ok: boolean } }
  assert.ok(rows > 0)
  assert.equal(audit.ok, true)
  const sql = connectPostgres({ url: state.second, poolSize: 1, log })
  const text = 'SELECT count(*) AS count FROM records.version WHERE id = $1'
  const found = await sql.query<{ readonly count: string }>({ text, values: [id] })
  await sql.close()
  assert.equal(Number(found[0]?.count), 1)
})

test('a pod ends in the time that its grace period leaves', async () => {
  const grace = (podNamed('Deployment', 'clinical').spec.terminationGracePeriodSeconds ?? 0) * 1000
  for (const child of state.children) {
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(grace) })
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  }
})
