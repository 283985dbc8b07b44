// Measures a registry: node conformance/registry/measure.ts [--base URL] prints JSON; the same load on ours and on a peer.
import { parseArgs } from 'node:util'
import { Agent, setGlobalDispatcher } from 'undici'
import { freshName } from './chapters/check.ts'
import { startOwnRegistry } from './own-registry.ts'
import { createRegistryClient, type RegistryClient } from './registry-client.ts'

const clients = 16
const rounds = 2000
const wakes = 300
const waiting = 150 // Consul lets one address have 200 connections

const round = (value: number, digits = 1): number => Number(value.toFixed(digits))

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN, 2)
}

async function perSecond(count: number, call: (at: number) => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  const next = { at: 0 }
  const work = async (): Promise<void> => {
    while (next.at < count) await call(next.at++)
  }
  await Promise.all(Array.from({ length: clients }, work))
  return Math.round((count * 1000) / (performance.now() - begun))
}

// From the change being sent until the waiting query has its answer.
async function measureWakes(client: RegistryClient, key: string): Promise<readonly number[]> {
  const times: number[] = []
  for (let at = 0; at < wakes; at++) {
    const { index } = await client.get(`/v1/kv/${key}`)
    const woken = client.get(`/v1/kv/${key}?index=${index}&wait=30s`)
    await client.get('/v1/status/leader') // the query waits by now
    const begun = performance.now()
    await client.put(`/v1/kv/${key}`, String(at))
    await woken
    times.push(performance.now() - begun)
  }
  return times
}

// All who wait for one service hear of its change.
async function measureHerd(client: RegistryClient, name: string): Promise<number> {
  const { index } = await client.get(`/v1/health/service/${name}`)
  const all = Array.from({ length: waiting }, () => client.get(`/v1/health/service/${name}?index=${index}&wait=30s`))
  await client.get('/v1/status/leader')
  const begun = performance.now()
  await client.put(`/v1/agent/check/warn/service:${name}`)
  await Promise.all(all)
  return round(performance.now() - begun)
}

const { values } = parseArgs({ options: { base: { type: 'string' } } })
setGlobalDispatcher(new Agent({ connections: 1024 }))
const own = values.base === undefined ? await startOwnRegistry() : undefined
const client = createRegistryClient(own?.url ?? values.base ?? '')
const name = freshName('measured')
await client.put('/v1/agent/service/register', { Name: name, Check: { TTL: '60s', Status: 'passing' } })
const times = await measureWakes(client, `${name}/wake`)
const results = {
  kvPutsPerSecond: await perSecond(rounds, (at) => client.put(`/v1/kv/${name}/${at % 100}`, `value ${at}`)),
  kvReadsPerSecond: await perSecond(rounds, (at) => client.get(`/v1/kv/${name}/${at % 100}`)),
  healthReadsPerSecond: await perSecond(rounds, () => client.get(`/v1/health/service/${name}?passing`)),
  heartbeatsPerSecond: await perSecond(rounds, () => client.put(`/v1/agent/check/pass/service:${name}`)),
  wakeMs: { p50: quantile(times, 0.5), p99: quantile(times, 0.99) },
  herdMs: { waiting, all: await measureHerd(client, name) },
}
console.log(JSON.stringify({ base: own === undefined ? values.base : 'own', clients, ...results }, null, 2))
await client.delete(`/v1/kv/${name}?recurse`)
await client.put(`/v1/agent/service/deregister/${name}`)
await own?.close()
