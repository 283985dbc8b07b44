// Brings requests to instances: batches them as the configuration says, counts, and gives each its own results back.
import { AppError } from '@xinglin/core/errors'
import type { NamedTensors } from '../../../kernel/ports.ts'
import type { ModelConfig } from '../model-config/model-config.ts'
import { TritonError } from '../protocol/triton-error.ts'
import { batchKey, joinBatch, reshaped, splitBatch } from './batch.ts'
import type { Instance } from './instance.ts'
import { createRequestQueue, type Queued } from './request-queue.ts'
import type { StatisticsKeeper } from './statistics.ts'

/** A request that was checked. */
export interface Work {
  readonly inputs: NamedTensors
  readonly batchSize: number
  readonly priority: number
  readonly timeoutUs: number
  readonly signal?: AbortSignal
}

/** What the scheduler stands on. */
export interface SchedulerParts {
  readonly config: ModelConfig
  readonly instances: readonly Instance[]
  readonly statistics: StatisticsKeeper
  readonly nowMs: () => number
}

/** A scheduler. */
export interface Scheduler {
  /** All outputs of the graph. @throws TritonError */
  submit(work: Work): Promise<NamedTensors>
  /** Requests that wait or run. */
  pending(): number
  /** Refuses what waits and lets what runs end. */
  close(): Promise<void>
}

interface Item extends Queued {
  readonly inputs: NamedTensors
  readonly resolve: (outputs: NamedTensors) => void
}

function tritonError(error: unknown): TritonError {
  if (error instanceof TritonError) return error
  if (error instanceof AppError) {
    const code = error.code === 'unprocessable' ? 'INVALID_ARG' : 'UNAVAILABLE'
    return new TritonError(error.code === 'internal' ? 'INTERNAL' : code, error.message, { cause: error })
  }
  return new TritonError('INTERNAL', 'the model could not be run', { cause: error })
}

const nsSince = (startMs: number): number => (performance.now() - startMs) * 1e6

/** Creates the scheduler of a version. */
export function createScheduler({ config, instances, statistics, nowMs }: SchedulerParts): Scheduler {
  const queue = createRequestQueue<Item>(config)
  // Answers leave in the order of their requests when one batch runs at a time.
  const idle = config.dynamic_batching?.preserve_ordering === true ? instances.slice(0, 1) : [...instances]
  const running = new Set<Promise<void>>()
  const state: { timer?: NodeJS.Timeout; isClosed: boolean } = { isClosed: false }
  const outputNames = config.output.map(({ name }) => name)
  const isBatched = config.max_batch_size > 0

  const execute = async (instance: Instance, batch: readonly Item[]): Promise<void> => {
    const startedMs = performance.now()
    const queueNs = batch.map(({ enqueuedMs }) => (startedMs - enqueuedMs) * 1e6)
    try {
      const feeds = reshaped(joinBatch(batch.map(({ inputs }) => inputs)), config.input, 'graph', isBatched)
      const inputNs = nsSince(startedMs)
      const results = await instance.run(feeds, outputNames)
      const endedMs = performance.now()
      const inferNs = (endedMs - startedMs) * 1e6 - inputNs
      const shaped = reshaped(results, config.output, 'client', isBatched)
      const parts = splitBatch(
        shaped,
        batch.map(({ batchSize }) => batchSize),
      )
      const batchSize = batch.reduce((sum, item) => sum + item.batchSize, 0)
      statistics.executed({ batchSize, queueNs, inputNs, inferNs, outputNs: nsSince(endedMs) }, nowMs())
      for (const [at, item] of batch.entries()) item.resolve(parts[at] ?? {})
    } catch (error) {
      const told = tritonError(error)
      for (const item of batch) item.refuse(told)
    }
  }
  // All instances are busy: who may not wait so long is refused in time all the same.
  const expireWhileBusy = (): void => {
    const leftMs = queue.expire(performance.now())
    if (leftMs > 0 && Number.isFinite(leftMs)) state.timer = setTimeout(expireWhileBusy, Math.ceil(leftMs))
  }
  const dispatch = (): void => {
    clearTimeout(state.timer)
    for (let instance = idle.pop(); instance !== undefined; instance = idle.pop()) {
      const next = queue.next(performance.now())
      if (next === undefined || 'waitMs' in next) {
        idle.push(instance)
        if (next !== undefined) state.timer = setTimeout(dispatch, Math.ceil(next.waitMs))
        return
      }
      const used = instance
      const run = execute(used, next.batch).finally(() => {
        running.delete(run)
        idle.push(used)
        dispatch()
      })
      running.add(run)
    }
    expireWhileBusy()
  }
  const submit = (work: Work): Promise<NamedTensors> =>
    new Promise((resolve, reject) => {
      const enqueuedMs = performance.now()
      const settle = (): void => work.signal?.removeEventListener('abort', onAbort)
      const item: Item = {
        ...work,
        enqueuedMs,
        key: batchKey(work.inputs),
        resolve(outputs) {
          settle()
          resolve(outputs)
        },
        refuse(error) {
          settle()
          statistics.failed(nsSince(enqueuedMs))
          reject(error)
        },
      }
      const onAbort = (): void => {
        if (queue.remove(item)) item.refuse(new TritonError('CANCELLED', 'Request cancelled'))
      }
      try {
        queue.add(item)
      } catch (error) {
        item.refuse(tritonError(error))
        return
      }
      work.signal?.addEventListener('abort', onAbort, { once: true })
      dispatch()
    })
  return {
    async submit(work) {
      if (state.isClosed) throw new TritonError('UNAVAILABLE', `model '${config.name}' is being unloaded`)
      if (work.signal?.aborted === true) throw new TritonError('CANCELLED', 'Request cancelled')
      return submit(work)
    },
    pending: () => queue.size() + running.size,
    async close() {
      state.isClosed = true
      clearTimeout(state.timer)
      for (const item of queue.drain()) {
        item.refuse(new TritonError('UNAVAILABLE', `model '${config.name}' is being unloaded`))
      }
      await Promise.all(running)
      await Promise.all(instances.map((instance) => instance.close()))
    },
  }
}
