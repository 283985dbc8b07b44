// Metrics in Prometheus' text format under Triton's names (triton-inference-server/server, docs/user_guide/metrics.md; pure).
import type { ServedVersion } from '../serving/served-version.ts'
import type { Duration, InferStatistics, ModelStatistics } from '../serving/statistics.ts'

/** What is told of the machine. */
export interface MachineLoad {
  /** Share of all processors in use, 0 to 1. */
  readonly cpuUtilization: number
  readonly memoryTotalBytes: number
  readonly memoryUsedBytes: number
}

interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly value: (served: ServedVersion, statistics: ModelStatistics) => number
  readonly labels?: string
}

const microseconds =
  (part: (statistics: InferStatistics) => Duration) => (_served: ServedVersion, all: ModelStatistics) =>
    Math.round(part(all.inference_stats).ns / 1000)

const perModel: readonly Metric[] = [
  {
    name: 'nv_inference_request_success',
    help: 'Number of successful inference requests, all batch sizes',
    type: 'counter',
    value: (_served, { inference_stats: { success } }) => success.count,
  },
  {
    name: 'nv_inference_request_failure',
    help: 'Number of failed inference requests, all batch sizes',
    type: 'counter',
    labels: ',reason="OTHER"',
    value: (_served, { inference_stats: { fail } }) => fail.count,
  },
  {
    name: 'nv_inference_count',
    help: 'Number of inferences performed (does not include cached requests)',
    type: 'counter',
    value: (_served, { inference_count: count }) => count,
  },
  {
    name: 'nv_inference_exec_count',
    help: 'Number of model executions performed (does not include cached requests)',
    type: 'counter',
    value: (_served, { execution_count: count }) => count,
  },
  {
    name: 'nv_inference_request_duration_us',
    help: 'Cumulative inference request duration in microseconds',
    type: 'counter',
    value: microseconds(({ success }) => success),
  },
  {
    name: 'nv_inference_queue_duration_us',
    help: 'Cumulative inference queuing duration in microseconds',
    type: 'counter',
    value: microseconds(({ queue }) => queue),
  },
  {
    name: 'nv_inference_compute_input_duration_us',
    help: 'Cumulative compute input duration in microseconds',
    type: 'counter',
    value: microseconds((all) => all.compute_input),
  },
  {
    name: 'nv_inference_compute_infer_duration_us',
    help: 'Cumulative compute inference duration in microseconds',
    type: 'counter',
    value: microseconds((all) => all.compute_infer),
  },
  {
    name: 'nv_inference_compute_output_duration_us',
    help: 'Cumulative inference compute output duration in microseconds',
    type: 'counter',
    value: microseconds((all) => all.compute_output),
  },
  {
    name: 'nv_inference_pending_request_count',
    help: 'Instantaneous number of pending requests awaiting execution per-model',
    type: 'gauge',
    value: (served) => served.pending(),
  },
]

const machine: readonly (readonly [string, string, (load: MachineLoad) => number])[] = [
  ['nv_cpu_utilization', 'CPU utilization rate [0.0 - 1.0]', (load) => load.cpuUtilization],
  ['nv_cpu_memory_total_bytes', 'CPU total memory (RAM), in bytes', (load) => load.memoryTotalBytes],
  ['nv_cpu_memory_used_bytes', 'CPU used memory (RAM), in bytes', (load) => load.memoryUsedBytes],
]

/** The text that `/metrics` answers. */
export function metricsText(served: readonly ServedVersion[], load: MachineLoad): string {
  const read = served.map((one) => ({ one, statistics: one.statistics() }))
  const models = perModel.flatMap(({ name, help, type, value, labels = '' }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...read.map(
      ({ one, statistics }) =>
        `${name}{model="${one.name}",version="${one.version}"${labels}} ${value(one, statistics)}`,
    ),
  ])
  const own = machine.flatMap(([name, help, value]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    `${name} ${value(load)}`,
  ])
  return `${[...models, ...own].join('\n')}\n`
}
