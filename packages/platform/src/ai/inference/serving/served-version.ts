// One version of a model, ready to be asked: its configuration, scheduler, statistics and labels.
import type { Onnx } from '../../../kernel/ports.ts'
import { completeConfig } from '../model-config/complete.ts'
import type { ModelConfig } from '../model-config/model-config.ts'
import { readSignature } from '../model-config/onnx-signature.ts'
import { classify } from '../protocol/classification.ts'
import type { AnsweredOutput, InferAnswer, InferRequest, RequestedOutput } from '../protocol/infer.ts'
import { TritonError } from '../protocol/triton-error.ts'
import type { ModelFiles } from '../repository/model-files.ts'
import { checkInputs, checkOutputs } from './check-request.ts'
import { createInstance, type Instance } from './instance.ts'
import { createScheduler } from './scheduler.ts'
import { createStatistics, type ModelStatistics } from './statistics.ts'
import { warmUp } from './warmup.ts'

/** A version that is served. */
export interface ServedVersion {
  readonly name: string
  readonly version: string
  readonly config: ModelConfig
  readonly origin: ModelFiles['origin']
  infer(request: InferRequest, signal?: AbortSignal): Promise<InferAnswer>
  statistics(): ModelStatistics
  pending(): number
  /** Child processes that are open now. */
  openInstances(): number
  /** Opens the sessions and runs the warm-up. @throws TritonError when the graph cannot be run */
  open(): Promise<void>
  close(): Promise<void>
}

/** What serving takes. */
export interface ServingParts {
  readonly onnx: Onnx
  readonly nowMs: () => number
  /** Threads of each instance. */
  readonly threads: number
  readonly memoryMb: number
  /** Rest after which an instance's process ends; 0: never. */
  readonly idleMs: number
}

async function labelsOf(config: ModelConfig, files: ModelFiles): Promise<ReadonlyMap<string, readonly string[]>> {
  const labels = new Map<string, readonly string[]>()
  for (const { name, label_filename: path = '' } of config.output) {
    if (path === '') continue
    const bytes = await files.readFile(path)
    if (bytes === undefined)
      throw new TritonError('NOT_FOUND', `the labels ${path} of model '${config.name}' are missing`)
    labels.set(name, new TextDecoder().decode(bytes).split(/\r?\n/))
  }
  return labels
}

function instancesOf(config: ModelConfig, parts: ServingParts, read: () => Promise<Uint8Array>): readonly Instance[] {
  const count = config.instance_group.reduce((sum, group) => sum + group.count, 0)
  const { onnx, threads, memoryMb, idleMs } = parts
  const open = async () => onnx.open(await read(), { threads, memoryMb })
  return Array.from({ length: count }, () => createInstance(open, idleMs))
}

/**
 * Prepares a version: reads the graph's signature, completes the configuration, and starts nothing yet.
 * @param isGiven whether there was a configuration at all
 */
export async function serveVersion(
  given: { readonly config: ModelConfig; readonly isGiven: boolean },
  files: ModelFiles,
  version: number,
  parts: ServingParts,
): Promise<ServedVersion> {
  const read = (): Promise<Uint8Array> => files.readGraph(version, given.config.default_model_filename)
  const config = completeConfig(given.config, readSignature(await read()), given.isGiven)
  const labels = await labelsOf(config, files)
  const instances = instancesOf(config, parts, read)
  const statistics = createStatistics()
  const scheduler = createScheduler({ config, instances, statistics, nowMs: parts.nowMs })
  const { name } = config
  const all = config.output.map((output): RequestedOutput => ({ name: output.name, classes: 0, isBinary: false }))

  return {
    name,
    version: String(version),
    config,
    origin: files.origin,
    async infer(request, signal) {
      const { id, inputs, outputs = all, priority, timeoutUs } = request
      const batchSize = checkInputs(config, inputs)
      checkOutputs(config, outputs)
      const work = { inputs, batchSize, priority, timeoutUs }
      const results = await scheduler.submit(signal === undefined ? work : { ...work, signal })
      const answered = outputs.map(({ name: output, classes }): AnsweredOutput => {
        const tensor = results[output]
        if (tensor === undefined) throw new TritonError('INTERNAL', `the graph gave no output '${output}'`)
        if (classes === 0) return { name: output, tensor }
        return { name: output, ...classify(tensor, classes, config.max_batch_size > 0, labels.get(output)) }
      })
      return { model: name, version: String(version), id, outputs: answered }
    },
    statistics: statistics.read,
    pending: scheduler.pending,
    openInstances: () => instances.filter(({ isOpen }) => isOpen).length,
    async open() {
      for (const instance of instances) {
        await instance.open()
        await warmUp(config, instance, files)
      }
    },
    close: scheduler.close,
  }
}
