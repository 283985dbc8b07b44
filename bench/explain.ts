// How fast explanations are: the shipped LSTM by vital sign and by cell through onnxruntime's child process, and a small network
// beside the Python package shap on the same rows. CPU time counts, child included: other work on the machine does not. Usage: node bench/explain.ts [--background 100] [--rounds 3]
import { existsSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import {
  channelGroups,
  exactShapley,
  expectedDifferences,
  type Game,
  kernelShap,
  singletons,
} from '@xinglin/core/explain'
import { referenceStays } from '@xinglin/core/explain/icu'
import { icuFeatures } from '@xinglin/core/federated/icu'
import { askShap, drawNetwork, howToGetShap, predictNetwork, shapPython } from '../conformance/shap/shap-peer.ts'
import { createOnnx } from '../packages/platform/src/engines/onnxruntime/index.ts'
import { silentLogger } from '../packages/platform/src/testing/silent-logger.ts'
import { measuredOn } from './target.ts'

const { values: given } = parseArgs({
  options: { background: { type: 'string', default: '100' }, rounds: { type: 'string', default: '3' } },
})
const backgroundRows = Number(given.background)
const rounds = Number(given.rounds)
const steps = 24
const names = icuFeatures.map(({ name }) => name)
const model = new URL('../models/icu_mortality_lstm/1/model.onnx', import.meta.url)

interface Figure {
  readonly medianMs: number
  /** CPU time of this process and, for the LSTM, of onnxruntime's. */
  readonly cpuMs: number
  readonly evaluations: number
  readonly rowsPerCpuSecond: number
  readonly residual: number
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

// utime and stime in hundredths of a second, fields 14 and 15 of /proc/<pid>/stat; 0 where there is none.
function childCpuMs(pid: number | undefined): number {
  const text = pid !== undefined && existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0))
}

function cpuMsOf(pid: number | undefined): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000 + childCpuMs(pid)
}

async function measure(explain: () => ReturnType<typeof exactShapley>, pid?: number): Promise<Figure> {
  const times: (readonly [wallMs: number, cpuMs: number])[] = []
  let found = await explain()
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now()
    const cpuBefore = cpuMsOf(pid)
    found = await explain()
    times.push([performance.now() - startedAt, cpuMsOf(pid) - cpuBefore])
  }
  const cpuMs = median(times.map(([, cpu]) => cpu))
  return {
    medianMs: Math.round(median(times.map(([wall]) => wall))),
    cpuMs: Math.round(cpuMs),
    evaluations: found.evaluations,
    rowsPerCpuSecond: Math.round(found.evaluations / (cpuMs / 1000)),
    residual: Math.max(...found.residual.map(Math.abs)),
  }
}

// A stay and a background without gaps, for the methods that walk a path.
const filled = (rows: Float32Array): Float32Array =>
  rows.map((value, at) => (Number.isNaN(value) ? (icuFeatures[at % names.length]?.mean ?? 0) : value))

async function ofLstm(): Promise<Readonly<Record<string, Figure>>> {
  const onnx = createOnnx({ log: silentLogger })
  try {
    const session = await onnx.open(readFileSync(model), { threads: 1 })
    const features = steps * names.length
    const stays = referenceStays(backgroundRows + 4)
    const game: Game = {
      predict: async (rows, count) => {
        const tensor = { datatype: 'FP32' as const, shape: [count, steps, names.length], data: rows }
        return (await session.run({ values: tensor })).risk?.data as Float32Array // the model's only output
      },
      row: stays.slice(-features),
      background: stays.slice(0, backgroundRows * features),
      groups: channelGroups(names, steps),
    }
    const cells = singletons(Array.from({ length: features }, (_, at) => `cell ${at}`))
    const smooth = {
      ...game,
      row: filled(game.row as Float32Array),
      background: filled(game.background as Float32Array),
    }
    return {
      exactTwelveVitals: await measure(() => exactShapley(game, { batchRows: 256 }), session.pid),
      kernel2000Cells: await measure(
        () => kernelShap({ ...game, groups: cells }, { samples: 2000, batchRows: 256 }),
        session.pid,
      ),
      gradientsByDifferences: await measure(
        () => expectedDifferences(smooth, { steps: 8, batchRows: 256 }),
        session.pid,
      ),
    }
  } finally {
    await onnx.close()
  }
}

const seconds = (figure: Figure): number => figure.cpuMs / 1000

async function besideShap(): Promise<object> {
  const python = shapPython()
  const vitals = drawNetwork(7, 12, 32)
  const wide = drawNetwork(8, 288, 32)
  const game = ({ network, rows }: ReturnType<typeof drawNetwork>): Game & { readonly request: object } => {
    const [sample = []] = rows(1)
    const background = rows(backgroundRows)
    return {
      predict: predictNetwork(network),
      row: Float64Array.from(sample),
      background: Float64Array.from(background.flat()),
      groups: singletons(sample.map((_, at) => `f${at}`)),
      request: { network, background, samples: [sample] },
    }
  }
  const [small, large] = [game(vitals), game(wide)]
  const exact = await measure(() => exactShapley(small))
  const kernel = await measure(() => kernelShap(large, { samples: 2000 }))
  if (python === undefined) return { exact, kernel, shap: howToGetShap }
  const peer = (of: object, method: string) => askShap<string>(python, { ...of, methods: [method], nsamples: 2000 })
  const [shapExact, shapKernel] = [peer(small.request, 'exact'), peer(large.request, 'kernel')]
  return {
    exact,
    kernel,
    shap: {
      version: shapExact.version,
      exactCpuSeconds: shapExact.exact?.seconds,
      kernelCpuSeconds: shapKernel.kernel?.seconds,
      exactTimesFaster: Number(((shapExact.exact?.seconds ?? 0) / seconds(exact)).toFixed(1)),
      kernelTimesFaster: Number(((shapKernel.kernel?.seconds ?? 0) / seconds(kernel)).toFixed(1)),
    },
  }
}

const lstm = await ofLstm()
const network = await besideShap()
const load = loadavg().map((one) => Number(one.toFixed(1)))
console.log(
  JSON.stringify({ bench: 'explain', backgroundRows, rounds, lstm, network, load, ...measuredOn() }, undefined, 2),
)
