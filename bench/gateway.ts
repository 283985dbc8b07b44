// What a request costs at the gateway: verified JWT, rate limit and trace, to an upstream; beside nginx, haproxy and bare Node in one run.
// Usage: node bench/gateway.ts [--seconds 5] [--rounds 3]. Needs nginx and wrk (Debian); haproxy is left out where it is missing.
import { execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePorts, startSystem } from '../packages/platform/src/cli/system.ts'
import { isInstalled, type Program, startFloor, startHaproxy, startNginx, startUpstream } from './gateway-peers.ts'
import { measuredOn } from './target.ts'

interface Figures {
  readonly requests: number
  readonly perSecond: number
  readonly cpuMicros: number
  readonly p50: string
  readonly p99: string
}

interface Credential {
  readonly key: string
  readonly secret: string
}

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, rounds: { type: 'string', default: '3' } },
})
const connections = 32
const warmRequests = 30_000
const warmLimitMs = 20_000
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function tokenOf({ key, secret }: Credential): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ iss: key, exp: Math.floor(Date.now() / 1000) + 3600 })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

async function wrk(
  url: string,
  token: string,
  seconds: number,
): Promise<{ requests: number; p50: string; p99: string }> {
  const words = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    '--latency',
    '-H',
    `Authorization: Bearer ${token}`,
    url,
  ]
  const child = spawn('wrk', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  await once(child, 'close')
  const text = Buffer.concat(output).toString()
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`${url} refused some: ${text}`)
  const read = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? ''
  return { requests: Number(read(/(\d+) requests in/)), p50: read(/^ +50% +(\S+)$/m), p99: read(/^ +99% +(\S+)$/m) }
}

// Compiled code is measured, not compiling: until enough requests went through, or long enough.
async function warm(url: string, token: string): Promise<void> {
  const until = performance.now() + warmLimitMs
  let requests = 0
  while (requests < warmRequests && performance.now() < until) requests += (await wrk(url, token, 2)).requests
}

async function measure(program: Program, token: string, seconds: number): Promise<Figures> {
  const url = `${program.url}/bench`
  const [before, startedAt] = [await cpuSeconds(program.pid), performance.now()]
  const { requests, p50, p99 } = await wrk(url, token, seconds)
  const cpu = (await cpuSeconds(program.pid)) - before
  const perSecond = Math.round(requests / ((performance.now() - startedAt) / 1000))
  return { requests, perSecond, cpuMicros: Math.round((cpu / requests) * 1e7) / 10, p50, p99 }
}

async function admin(adminUrl: string, path: string, body: object): Promise<Credential> {
  const answer = await fetch(`${adminUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Credential
}

/** Our system with the gateway's route to the upstream: token, limit; traces as the settings say. */
async function startOurs(
  name: string,
  upstreamUrl: string,
  credential: Credential,
  more: Record<string, string>,
): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-bench-'))
  const system = await startSystem(folder, { ...(await freePorts()), LOG_LEVEL: 'error', ...more })
  const { adminUrl, gatewayUrl, pid } = system.state
  await admin(adminUrl, '/services', { name: 'bench', url: upstreamUrl })
  await admin(adminUrl, '/services/bench/routes', { paths: ['/bench'], strip_path: false })
  await admin(adminUrl, '/services/bench/plugins', { name: 'jwt', config: { claims_to_verify: ['exp'] } })
  await admin(adminUrl, '/services/bench/plugins', { name: 'rate-limiting', config: { second: 1_000_000 } })
  await admin(adminUrl, '/consumers', { username: 'bench' })
  await admin(adminUrl, '/consumers/bench/jwt', credential)
  const stop = async (): Promise<void> => {
    await system.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { name, url: gatewayUrl, pid, stop }
}

const median = (figures: readonly Figures[]): Figures | undefined =>
  figures.toSorted((a, b) => a.cpuMicros - b.cpuMicros)[Math.floor(figures.length / 2)]

async function run(): Promise<void> {
  const credential = { key: 'bench-consumer', secret: 'a-secret-of-this-bench-alone' }
  const token = tokenOf(credential)
  const upstream = await startUpstream()
  const programs: Program[] = []
  try {
    programs.push(await startNginx(upstream.url))
    if (isInstalled('haproxy')) programs.push(await startHaproxy(upstream.url, credential))
    for (const kind of ['relay', 'http'] as const) programs.push(await startFloor(kind, upstream.url))
    programs.push(await startOurs('xinglin', upstream.url, credential, {}))
    programs.push(
      await startOurs('xinglin without spans', upstream.url, credential, { OTEL_TRACES_SAMPLER: 'always_off' }),
    )
    const all = new Map<string, Figures[]>(programs.map(({ name }) => [name, []]))
    for (const program of programs) await warm(`${program.url}/bench`, token)
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const program of programs) all.get(program.name)?.push(await measure(program, token, Number(values.seconds)))
    }
    const results = Object.fromEntries([...all].map(([name, figures]) => [name, median(figures)]))
    const direct = await measure(upstream, token, Number(values.seconds))
    const load = loadavg()[0]
    console.log(JSON.stringify({ bench: 'gateway', connections, results, direct, load, ...measuredOn() }, undefined, 2))
  } finally {
    for (const program of [...programs, upstream]) await program.stop()
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
if (isInstalled('nginx') && isInstalled('wrk')) await run()
else console.log('Skipped: this bench needs nginx and wrk (Debian: apt-get install nginx-light wrk haproxy)')
