// What serving costs: processor time of the server per request beside bare ONNX Runtime on the same graph, over HTTP with
// binary tensors and over gRPC; and requests per second of a small model with and without dynamic batching.
// Usage: node bench/inference.ts [--runs 300] [--rounds 3]
import { execFile, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { type Client, credentials, loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { InferenceAddresses } from '../packages/platform/src/ai/inference/index.ts'
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
// A server that has run for a while is meant: its code is compiled by then.
const warmUps = 200
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

type GrpcService = new (
  ...of: ConstructorParameters<typeof Client>
) => Client & {
  ModelInfer(message: object, done: (error: Error | null, answer: unknown) => void): void
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

async function measureServed(pid: number, infer: () => Promise<unknown>) {
  for (let at = 0; at < warmUps; at++) await infer()
  const [before, wall] = [await serverCpuMs(pid), performance.now()]
  for (let at = 0; at < runs; at++) await infer()
  const after = await serverCpuMs(pid)
  const [front, inModels] = [(after.front - before.front) / runs, (after.models - before.models) / runs]
  return { cpuMs: front + inModels, frontMs: front, modelsMs: inModels, wallMs: (performance.now() - wall) / runs }
}

// A client of gRPC as programs write it, with messages larger than a window of HTTP/2.
function grpcClient(address: string): { readonly infer: () => Promise<unknown>; readonly close: () => void } {
  const file = fileURLToPath(new URL('../packages/platform/src/ai/inference/grpc/inference.proto', import.meta.url))
  const loaded = loadPackageDefinition(loadSync(file, { keepCase: true, defaults: true }))
  const { inference } = loaded as unknown as { readonly inference: { readonly GRPCInferenceService: GrpcService } }
  const client = new inference.GRPCInferenceService(address, credentials.createInsecure(), {
    'grpc-node.flow_control_window': 1_048_576,
  })
  const message = {
    model_name: 'large',
    inputs: [{ name: 'input__0', datatype: 'FP32', shape: [1, 1, large.side, large.side] }],
    raw_input_contents: [Buffer.from(new Float32Array(large.side ** 2).fill(0.5).buffer)],
  }
  const infer = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      client.ModelInfer(message, (error, answer) => (error === null ? resolve(answer) : reject(error)))
    })
  return { infer, close: () => client.close() }
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
  process.send?.(server.addresses)
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

type Served = Awaited<ReturnType<typeof measureServed>>
type Bare = Awaited<ReturnType<typeof measureBare>>

interface Round {
  readonly bare: Bare
  readonly http: Served
  readonly grpc: Served
}

function toldOf(rounds: readonly Round[], wire: 'http' | 'grpc') {
  const overheads = rounds.map((round) => round[wire].cpuMs / round.bare.cpuMs - 1)
  const of = (pick: (served: Served) => number): number => rounded(median(rounds.map((round) => pick(round[wire]))))
  return {
    servedCpuMs: of(({ cpuMs }) => cpuMs),
    frontCpuMs: of(({ frontMs }) => frontMs),
    modelProcessCpuMs: of(({ modelsMs }) => modelsMs),
    overhead: { median: rounded(median(overheads)), all: overheads.map(rounded) },
    servedWallMs: of(({ wallMs }) => wallMs),
  }
}

async function measure(): Promise<unknown> {
  const child = fork(import.meta.filename, ['--serve'], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  const ended = once(child, 'exit')
  try {
    const [addresses] = (await once(child, 'message')) as [InferenceAddresses]
    const models = createKserveModels({ send: (path, init) => fetch(`${addresses.http}${path}`, init) })
    const grpc = grpcClient(addresses.grpc)
    const pid = child.pid ?? 0
    // Bare and served in turn, so that a busier minute hits all.
    const rounds: Round[] = []
    for (let round = 0; round < Number(values.rounds); round++) {
      rounds.push({
        bare: await bareElsewhere(),
        http: await measureServed(pid, () => models.infer('large', feedsOf(large))),
        grpc: await measureServed(pid, grpc.infer),
      })
    }
    grpc.close()
    return {
      bareCpuMs: rounded(median(rounds.map(({ bare }) => bare.cpuMs))),
      bareWallMs: rounded(median(rounds.map(({ bare }) => bare.wallMs))),
      http: toldOf(rounds, 'http'),
      grpc: toldOf(rounds, 'grpc'),
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
