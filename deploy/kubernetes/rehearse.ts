// Rehearses the cluster on one machine: every pod of the manifests as a process at a loopback address of its own, every Service as a
// name (an /etc/hosts of its own) that leads to the right port, no registry asked for services; then the demo through the gateway.
// Linux, as root (it makes a mount namespace): node deploy/kubernetes/rehearse.ts
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectPostgres, startEmbeddedPostgres } from '../../packages/platform/src/engines/postgres/index.ts'
import { silentLogger as log } from '../../packages/platform/src/testing/silent-logger.ts'
import { imageEnvironment } from '../docker/image-environment.ts'
import { committed, environmentOf, type Pod, podNamed, pods } from './committed.ts'

const program = fileURLToPath(new URL('../../packages/platform/src/cli/main.ts', import.meta.url))
const self = fileURLToPath(import.meta.url)
const secret = 'a secret of a rehearsal, long enough for a key'
const readyLimitMs = 300_000

interface Door {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly target: number
  readonly selector: Readonly<Record<string, string>>
}

const doors: readonly Door[] = committed
  .filter(({ kind }) => kind === 'Service')
  .map(({ metadata, spec = {} }, at) => {
    const [port] = spec['ports'] as readonly { readonly port: number; readonly targetPort: number }[]
    const selector = spec['selector'] as Readonly<Record<string, string>>
    const [listening, target] = [port?.port ?? 0, port?.targetPort ?? 0]
    return { name: metadata.name, address: `127.0.90.${at + 1}`, port: listening, target, selector }
  })

const workloads = pods.filter(({ of }) => of.metadata.labels?.['app.kubernetes.io/component'] === of.metadata.name)
const running = workloads.filter(({ of }) => ['Deployment', 'StatefulSet'].includes(of.kind))
const hostOf = (pod: Pod): string => `127.0.91.${running.indexOf(pod) + 1}`

const edgeHost = (): string => hostOf(podNamed('Deployment', 'edge'))

// What a cluster has and this machine has not: other addresses, a store of blobs, certificates.
function ownEnvironment(host: string, folder: string): Record<string, string> {
  const hosts = [
    'HOST',
    'KONG_ADMIN_HOST',
    'SERVICE_HOST',
    'REGISTRY_HOST',
    'FLOWER_HOST',
    'DIMSE_HOST',
    'INFERENCE_HOST',
    'OTLP_HOST',
  ]
  return {
    ...Object.fromEntries(hosts.map((name) => [name, host])),
    ...{ BLOBS_S3_BUCKET: '', FLOWER_TLS_CERTIFICATE: '', FLOWER_TLS_KEY: '' },
    PUBLIC_URL: `http://${edgeHost()}:8080`, // where the demo, which is no browser in the cluster, finds the gateway
    ...{ XINGLIN_DATA: folder, LOG_LEVEL: 'warn', PATH: process.env['PATH'] ?? '' },
  }
}

async function start(pod: Pod, folder: string, databaseUrl: string): Promise<ChildProcess> {
  const manifest = environmentOf(pod, (name) => (name === 'DATABASE_URL' ? databaseUrl : secret))
  const host = running.includes(pod) ? hostOf(pod) : '127.0.0.1'
  const env = { ...(await imageEnvironment()), ...manifest, ...ownEnvironment(host, folder) }
  const args = ['--disable-warning=ExperimentalWarning', program, ...(pod.container.args ?? [])]
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }) // ends with this process
}

function forward({ address, port, target, selector }: Door): Server {
  const pod = running.find(({ labels }) => Object.entries(selector).every(([key, value]) => labels[key] === value))
  if (pod === undefined) throw new Error(`No pod stands behind port ${port} of ${address}`)
  const server = createServer((client) => {
    const behind = connect(target, hostOf(pod))
    client.pipe(behind).pipe(client)
    client.on('error', () => behind.destroy())
    behind.on('error', () => client.destroy())
  })
  return server.listen(port, address)
}

async function untilReady(): Promise<void> {
  for (const until = Date.now() + readyLimitMs; Date.now() < until; await delay(200)) {
    const answer = await fetch('http://gateway/health/ready').catch(() => undefined)
    if (answer?.ok === true) return
  }
  throw new Error('The gateway was not ready in time')
}

async function rehearse(folder: string): Promise<number> {
  const server = await startEmbeddedPostgres({ dataFolder: join(folder, 'postgres'), log })
  const sql = connectPostgres({ url: server.url, poolSize: 1, log })
  await sql.query({ text: 'CREATE DATABASE cluster' })
  await sql.close()
  const databaseUrl = server.url.replace(/\/[^/]*$/, '/cluster')
  const [migrated] = await once(await start(podNamed('Job', 'migrate'), folder, databaseUrl), 'exit')
  if (migrated !== 0) return 1
  const forwards = doors.map(forward)
  const children = await Promise.all(running.map((pod) => start(pod, folder, databaseUrl)))
  try {
    await untilReady()
    process.stdout.write(`${running.length} pods behind ${doors.length} Services are ready: no registry was asked.\n`)
    const demo = spawn(process.execPath, [program, 'demo', '--patients', '20'], {
      env: { PATH: process.env['PATH'] ?? '', XINGLIN_DATA: folder },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const [code] = await once(demo, 'exit')
    return Number(code)
  } finally {
    const ends = children.filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'exit'))
    for (const child of children) child.kill('SIGTERM')
    await Promise.all(ends)
    for (const one of forwards) one.close()
    await server.stop()
  }
}

async function enter(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-rehearsal-'))
  try {
    const hosts = ['127.0.0.1 localhost', ...doors.map(({ name, address }) => `${address} ${name}`), '']
    await writeFile(join(folder, 'hosts'), hosts.join('\n'))
    const inside = 'mount --bind "$1/hosts" /etc/hosts && exec "$2" --disable-warning=ExperimentalWarning "$3" "$1"'
    const args = ['--mount', '--', 'sh', '-c', inside, 'sh', folder, process.execPath, self]
    const [code] = await once(spawn('unshare', args, { stdio: 'inherit' }), 'exit')
    return Number(code)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const [folder] = process.argv.slice(2)
process.exitCode = folder === undefined ? await enter() : await rehearse(folder)
