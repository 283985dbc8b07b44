// What mutual TLS adds to a hop between two processes: CPU of both sides for a small GET over kept connections, and for a
// handshake, plain beside TLS in turn. Prints JSON. Usage: node bench/transport.ts [requests a round, default 4000]
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { demandAuthority, issueInto } from '../packages/platform/src/cli/certs/authority.ts'
import { certificatesFolder } from '../packages/platform/src/composition/certificate-files.ts'
import { openTransport } from '../packages/platform/src/composition/transport.ts'
import { systemClock } from '../packages/platform/src/kernel/clock.ts'
import { openPort } from '../packages/platform/src/kernel/listener.ts'
import { createShutdown } from '../packages/platform/src/kernel/shutdown.ts'
import { createPlainTransport, serviceHostName, type Transport } from '../packages/platform/src/kernel/transport.ts'
import { silentLogger } from '../packages/platform/src/testing/silent-logger.ts'

const requests = Number(process.argv[2] ?? 4000)
const handshakes = 50
const rounds = 3
const clients = 8
const pool = { connections: clients, keepAliveMs: 10_000, connectMs: 5000 }
const body = JSON.stringify({ resourceType: 'Patient', id: '1', text: 'x'.repeat(900) })

const folder = await mkdtemp(join(tmpdir(), 'xinglin-bench-'))
const shutdown = createShutdown({ log: silentLogger })
const certs = certificatesFolder(folder)
const authority = await demandAuthority(certs, new Date())
await issueInto(authority, { name: 'patient', use: 'peer', names: [serviceHostName('patient')] }, new Date())
const secure = await openTransport({
  settings: { isOn: true, authority: undefined, certificate: undefined, key: undefined },
  serviceHost: '127.0.0.1',
  ...{ dataFolder: folder, names: ['patient'], isSplit: true, log: silentLogger, clock: systemClock, shutdown },
})
const address = { host: '127.0.0.1', port: 0, setting: 'SERVICE_PORT' }
const answer = (_request: unknown, response: { end(text: string): void }): void => response.end(body)
const plainPort = await openPort(address, answer)
const tlsPort = await openPort({ ...address, tls: secure.listener('patient') }, answer)

async function get(url: string, transport: Transport): Promise<void> {
  const got = await request(url, { dispatcher: transport.dispatcher('patient') })
  await got.body.dump()
}

async function cpuUs(count: number, work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

const median = (values: readonly number[]): number =>
  Math.round((values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0) * 10) / 10

async function kept(url: string, transport: Transport): Promise<number> {
  const share = Math.ceil(requests / clients)
  const client = async (): Promise<void> => {
    for (let n = 0; n < share; n += 1) await get(url, transport)
  }
  return cpuUs(share * clients, async () => void (await Promise.all(Array.from({ length: clients }, client))))
}

async function fresh(url: string, open: () => Transport): Promise<number> {
  return cpuUs(handshakes, async () => {
    for (let n = 0; n < handshakes; n += 1) {
      const transport = open()
      await get(url, transport)
      await transport.close()
    }
  })
}

const [plain, tls] = [createPlainTransport(pool), secure.open(pool)]
await kept(plainPort.url, plain)
await kept(tlsPort.url, tls)
const seen = { plain: [] as number[], tls: [] as number[], connect: [] as number[], handshake: [] as number[] }
for (let round = 0; round < rounds; round += 1) {
  seen.plain.push(await kept(plainPort.url, plain))
  seen.tls.push(await kept(tlsPort.url, tls))
  seen.connect.push(await fresh(plainPort.url, () => createPlainTransport(pool)))
  seen.handshake.push(await fresh(tlsPort.url, () => secure.open(pool)))
}
await Promise.all([plain.close(), tls.close()])
await Promise.all([plainPort.close(), tlsPort.close()])
await shutdown.run('done')
await rm(folder, { recursive: true, force: true })

const figures = {
  requestCpuUs: { plain: median(seen.plain), tls: median(seen.tls) },
  connectionCpuUs: { plain: median(seen.connect), tls: median(seen.handshake) },
}
const ratio = Math.round((figures.requestCpuUs.tls / figures.requestCpuUs.plain) * 100) / 100
const machine = { cores: availableParallelism(), loadAverage: Math.round(loadavg()[0] ?? 0), node: process.version }
process.stdout.write(
  `${JSON.stringify({ bench: 'transport', at: new Date().toISOString(), requests, rounds, clients, ratio, ...figures, machine }, undefined, 2)}\n`,
)
