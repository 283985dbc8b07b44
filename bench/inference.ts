// What serving costs: processor time of the server per request beside bare ONNX Runtime on the same graph, over HTTP with
// binary tensors; and requests per second of a small model with and without dynamic batching.
// Usage: node bench/inference.ts [--runs 300] [--rounds 3]
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { freePorts, type StartedSystem, startSystem } from '../packages/platform/src/cli/system.ts'
import { createKserveModels } from '../packages/platform/src/engines/kserve/index.ts'
import type { Models, NamedTensors } from '../packages/platform/src/kernel/ports.ts'
import { convolutionGraph } from '../packages/platform/src/testing/onnx-samples.ts'
import { measuredOn } from './target.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '3' },
    bare: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const warmUps = 20
// About 10 ms on one thread of the machine below.
const large = { side: 128, channels: 32, layers: 6 }
// About 1 ms at batch 1: the cost of a call shows.
const small = { side: 32, channels: 16, layers: 6 }
const ticksPerSecond = 100

function feedsOf({ side }: { readonly side: number }): NamedTensors {
  return { input__0: { datatype: 'FP32', shape: [1, 1, side, side], data: new Float32Array(side * side).fill(0.5) } }
}

/** Processor and wall milliseconds per run of bare ONNX Runtime in this process. */
async function measureBare() {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 }
  const session = await InferenceSession.create(convolutionGraph(large), options)
  const tensor = new Tensor('float32', new Float32Array(large.side ** 2).fill(0.5), [1, 1, large.side, large.side])
  for (let at = 0; at < warmUps; at++) await session.run({ input__0: tensor })
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  for (let at = 0; at < runs; at++) await session.run({ input__0: tensor })
  const { user, system } = process.cpuUsage(cpu)
  return { cpuMs: (user + system) / 1000 / runs, wallMs: (performance.now() - wall) / runs }
}

// User and system time of a process in milliseconds (proc(5): fields 14 and 15 of stat, in ticks).
async function cpuMsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1000) / ticksPerSecond
}

function modelProcessesOf(pid: number): readonly number[] {
  const text = execFileSync('ps', ['--ppid', String(pid), '-o', 'pid=,args='], { encoding: 'utf8' })
  const lines = text.split('\n').filter((line) => line.includes('onnxruntime/child'))
  return lines.map((line) => Number.parseInt(line, 10))
}

async function serverCpuMs({ state }: StartedSystem): Promise<number> {
  const parts = await Promise.all([state.pid, ...modelProcessesOf(state.pid)].map(cpuMsOf))
  return parts.reduce((sum, ms) => sum + ms, 0)
}

/** What the server uses in the same time when nobody calls: sealing, leases, timers. */
async function idleCpuMs(system: StartedSystem, wallMs: number): Promise<number> {
  const before = await serverCpuMs(system)
  await delay(wallMs)
  return (await serverCpuMs(system)) - before
}

async function measureServed(system: StartedSystem, models: Models) {
  const feeds = feedsOf(large)
  for (let at = 0; at < warmUps; at++) await models.infer('large', feeds)
  const [cpu, wall] = [await serverCpuMs(system), performance.now()]
  for (let at = 0; at < runs; at++) await models.infer('large', feeds)
  const wallMs = performance.now() - wall
  const cpuMs = (await serverCpuMs(system)) - cpu
  return { cpuMs: (cpuMs - (await idleCpuMs(system, wallMs))) / runs, wallMs: wallMs / runs }
}

async function throughput(models: Models, model: string): Promise<number> {
  const feeds = feedsOf(small)
  const clients = 32
  const until = performance.now() + 4000
  let count = 0
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      await models.infer(model, feeds)
      count += 1
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return Math.round(count / 4)
}

async function load(base: string, name: string, graph: Uint8Array, config: object): Promise<void> {
  const parameters = { config: JSON.stringify(config), 'file:1/model.onnx': Buffer.from(graph).toString('base64') }
  const url = `${base}/v2/repository/models/${name}/load`
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ parameters }) })
  if (!answer.ok) throw new Error(await answer.text())
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
const rounded = (value: number): number => Math.round(value * 1000) / 1000

function bareElsewhere(): Awaited<ReturnType<typeof measureBare>> {
  const args = ['--disable-warning=ExperimentalWarning', import.meta.filename, '--bare', '--runs', String(runs)]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as ReturnType<typeof bareElsewhere>
}

async function measure(): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-bench-inference-'))
  const ports = await freePorts()
  const system = await startSystem(folder, { ...ports, LOG_LEVEL: 'error' })
  try {
    const base = `http://127.0.0.1:${ports['INFERENCE_HTTP_PORT']}`
    const models = createKserveModels({ send: (path, init) => fetch(`${base}${path}`, init) })
    await load(base, 'large', convolutionGraph(large), { max_batch_size: 1 })
    const batching = { preferred_batch_size: [8, 16], max_queue_delay_microseconds: 500 }
    await load(base, 'single', convolutionGraph(small), { max_batch_size: 1 })
    await load(base, 'batched', convolutionGraph(small), { max_batch_size: 16, dynamic_batching: batching })
    // Bare and served in turn, so that a busier minute hits both.
    const rounds: { bare: ReturnType<typeof bareElsewhere>; served: Awaited<ReturnType<typeof measureServed>> }[] = []
    for (let round = 0; round < Number(values.rounds); round++) {
      rounds.push({ bare: bareElsewhere(), served: await measureServed(system, models) })
    }
    const overheads = rounds.map(({ bare, served }) => served.cpuMs / bare.cpuMs - 1)
    return {
      bareCpuMs: rounded(median(rounds.map(({ bare }) => bare.cpuMs))),
      servedCpuMs: rounded(median(rounds.map(({ served }) => served.cpuMs))),
      overhead: { median: rounded(median(overheads)), all: overheads.map(rounded) },
      bareWallMs: rounded(median(rounds.map(({ bare }) => bare.wallMs))),
      servedWallMs: rounded(median(rounds.map(({ served }) => served.wallMs))),
      requestsPerSecond: { single: await throughput(models, 'single'), batched: await throughput(models, 'batched') },
    }
  } finally {
    await system.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

if (values.bare) console.log(JSON.stringify(await measureBare()))
else {
  const told = { bench: 'inference', runs, ...((await measure()) as object), loadAverage: loadavg().map(rounded) }
  console.log(JSON.stringify({ ...told, ...measuredOn() }, undefined, 2))
}
