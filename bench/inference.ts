// What serving costs: processor time of the server per request beside bare ONNX Runtime on the same graph, over HTTP with
// binary tensors; and requests per second of a small model with and without dynamic batching.
// Usage: node bench/inference.ts [--runs 300] [--rounds 3]
import { execFile, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { parseArgs, promisify } from 'node:util'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { serverUnderTest } from '../packages/platform/src/ai/inference/under-test/server.ts'
import { createKserveModels } from '../packages/platform/src/engines/kserve/index.ts'
import type { Models, NamedTensors } from '../packages/platform/src/kernel/ports.ts'
import { convolutionGraph } from '../packages/platform/src/testing/onnx-samples.ts'
import { measuredOn } from './target.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '3' },
    bare: { type: 'boolean', default: false },
    serve: { type: 'boolean', default: false },
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

interface ServerCpu {
  /** The process with the ports. */
  readonly front: number
  /** The processes of the models. */
  readonly models: number
}

async function serverCpuMs(pid: number): Promise<ServerCpu> {
  const models = await Promise.all(modelProcessesOf(pid).map(cpuMsOf))
  return { front: await cpuMsOf(pid), models: models.reduce((sum, ms) => sum + ms, 0) }
}

async function measureServed(pid: number, models: Models) {
  const feeds = feedsOf(large)
  for (let at = 0; at < warmUps; at++) await models.infer('large', feeds)
  const [before, wall] = [await serverCpuMs(pid), performance.now()]
  for (let at = 0; at < runs; at++) await models.infer('large', feeds)
  const after = await serverCpuMs(pid)
  const [front, inModels] = [(after.front - before.front) / runs, (after.models - before.models) / runs]
  return { cpuMs: front + inModels, frontMs: front, modelsMs: inModels, wallMs: (performance.now() - wall) / runs }
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

/** The inference room by itself, with its PostgreSQL, in this process; tells its address and serves until the input ends. */
async function serve(): Promise<void> {
  const server = await serverUnderTest({
    repository: {
      'large/config.pbtxt': 'max_batch_size: 1',
      'large/1/model.onnx': convolutionGraph(large),
      'single/config.pbtxt': 'max_batch_size: 1',
      'single/1/model.onnx': convolutionGraph(small),
      'batched/config.pbtxt':
        'max_batch_size: 16 dynamic_batching { preferred_batch_size: [ 8, 16 ] max_queue_delay_microseconds: 500 }',
      'batched/1/model.onnx': convolutionGraph(small),
    },
  })
  process.send?.(server.addresses.http)
  await once(process, 'disconnect')
  await server.close()
  process.exit(0)
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
const rounded = (value: number): number => Math.round(value * 1000) / 1000

async function bareElsewhere(): ReturnType<typeof measureBare> {
  const args = ['--disable-warning=ExperimentalWarning', import.meta.filename, '--bare', '--runs', String(runs)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Awaited<ReturnType<typeof measureBare>>
}

async function measure(): Promise<unknown> {
  const child = fork(import.meta.filename, ['--serve'], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  const ended = once(child, 'exit')
  try {
    const [base] = (await once(child, 'message')) as [string]
    const models = createKserveModels({ send: (path, init) => fetch(`${base}${path}`, init) })
    // Bare and served in turn, so that a busier minute hits both.
    const rounds: {
      bare: Awaited<ReturnType<typeof measureBare>>
      served: Awaited<ReturnType<typeof measureServed>>
    }[] = []
    for (let round = 0; round < Number(values.rounds); round++) {
      rounds.push({ bare: await bareElsewhere(), served: await measureServed(child.pid ?? 0, models) })
    }
    const overheads = rounds.map(({ bare, served }) => served.cpuMs / bare.cpuMs - 1)
    return {
      bareCpuMs: rounded(median(rounds.map(({ bare }) => bare.cpuMs))),
      servedCpuMs: rounded(median(rounds.map(({ served }) => served.cpuMs))),
      frontCpuMs: rounded(median(rounds.map(({ served }) => served.frontMs))),
      modelProcessCpuMs: rounded(median(rounds.map(({ served }) => served.modelsMs))),
      overhead: { median: rounded(median(overheads)), all: overheads.map(rounded) },
      bareWallMs: rounded(median(rounds.map(({ bare }) => bare.wallMs))),
      servedWallMs: rounded(median(rounds.map(({ served }) => served.wallMs))),
      requestsPerSecond: { single: await throughput(models, 'single'), batched: await throughput(models, 'batched') },
    }
  } finally {
    child.disconnect()
    await ended
  }
}

if (values.serve) await serve()
else if (values.bare) console.log(JSON.stringify(await measureBare()))
else {
  const told = { bench: 'inference', runs, ...((await measure()) as object), loadAverage: loadavg().map(rounded) }
  console.log(JSON.stringify({ ...told, ...measuredOn() }, undefined, 2))
}
