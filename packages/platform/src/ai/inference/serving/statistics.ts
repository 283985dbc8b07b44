// What a served version has done, as Triton counts it: requests, batches and where the time went.

/** A number of things and the nanoseconds they took together. */
export interface Duration {
  readonly count: number
  readonly ns: number
}

/** Where the time of requests went. */
export interface InferStatistics {
  readonly success: Duration
  readonly fail: Duration
  readonly queue: Duration
  readonly compute_input: Duration
  readonly compute_infer: Duration
  readonly compute_output: Duration
  readonly cache_hit: Duration
  readonly cache_miss: Duration
}

/** Executions of one batch size. */
export interface BatchStatistics {
  readonly batch_size: number
  readonly compute_input: Duration
  readonly compute_infer: Duration
  readonly compute_output: Duration
}

/** The statistics of a version; names as in Triton's statistics extension. */
export interface ModelStatistics {
  /** Milliseconds since 1970 of the newest request; 0 when there was none. */
  readonly last_inference: number
  readonly inference_count: number
  readonly execution_count: number
  readonly inference_stats: InferStatistics
  readonly batch_stats: readonly BatchStatistics[]
}

/** One execution: its parts in nanoseconds, the requests in it with their waits. */
export interface Execution {
  readonly batchSize: number
  readonly queueNs: readonly number[]
  readonly inputNs: number
  readonly inferNs: number
  readonly outputNs: number
}

/** Counts for one version. */
export interface StatisticsKeeper {
  executed(execution: Execution, atMs: number): void
  /** A request that was answered with an error after `ns`. */
  failed(ns: number): void
  read(): ModelStatistics
}

type Counted = { count: number; ns: number }
const part = (): Counted => ({ count: 0, ns: 0 })
const none: Duration = Object.freeze({ count: 0, ns: 0 })

function add(counted: Counted, ns: number, count = 1): void {
  counted.count += count
  counted.ns += Math.round(ns)
}

/** Creates the counts; they begin at zero and live in memory. */
export function createStatistics(): StatisticsKeeper {
  const total = { success: part(), fail: part(), queue: part(), input: part(), infer: part(), output: part() }
  const sizes = new Map<number, { input: Counted; infer: Counted; output: Counted }>()
  const state = { lastMs: 0, inferences: 0, executions: 0 }
  return {
    executed({ batchSize, queueNs, inputNs, inferNs, outputNs }, atMs) {
      state.lastMs = atMs
      state.inferences += batchSize
      state.executions += 1
      const bySize = sizes.get(batchSize) ?? { input: part(), infer: part(), output: part() }
      sizes.set(batchSize, bySize)
      add(bySize.input, inputNs)
      add(bySize.infer, inferNs)
      add(bySize.output, outputNs)
      for (const waited of queueNs) {
        add(total.queue, waited)
        add(total.input, inputNs)
        add(total.infer, inferNs)
        add(total.output, outputNs)
        add(total.success, waited + inputNs + inferNs + outputNs)
      }
    },
    failed: (ns) => add(total.fail, ns),
    read: () => ({
      last_inference: state.lastMs,
      inference_count: state.inferences,
      execution_count: state.executions,
      inference_stats: {
        success: { ...total.success },
        fail: { ...total.fail },
        queue: { ...total.queue },
        compute_input: { ...total.input },
        compute_infer: { ...total.infer },
        compute_output: { ...total.output },
        cache_hit: none,
        cache_miss: none,
      },
      batch_stats: [...sizes.entries()]
        .sort(([a], [b]) => a - b)
        .map(([size, { input, infer, output }]) => ({
          batch_size: size,
          compute_input: { ...input },
          compute_infer: { ...infer },
          compute_output: { ...output },
        })),
    }),
  }
}
