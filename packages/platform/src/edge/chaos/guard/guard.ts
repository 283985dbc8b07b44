// The owner's side of the guard: orders over a channel that ends with the owner.
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import type { Answer, Order } from './orders.ts'

/** A running guard. */
export interface Guard {
  readonly pid: number | undefined
  /** @throws AppError 'unprocessable' when an order cannot be done, 'unavailable' when the guard has ended */
  order<Result = void>(order: Order): Promise<Result>
  /** Takes all harm back, then ends the guard. */
  end(): Promise<void>
}

const program = fileURLToPath(new URL('./guard-process.ts', import.meta.url))

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

const ended = (cause?: unknown): AppError =>
  new AppError('unavailable', 'The guard of the experiment has ended', { cause })

function settle(waiting: Map<number, Waiting>, { number, result, error }: Answer): void {
  const { resolve, reject } = waiting.get(number) ?? {}
  waiting.delete(number)
  if (error === undefined) resolve?.(result)
  else reject?.(new AppError('unprocessable', error))
}

// It stays a little longer than its owner: until the connections that it carries are quiet.
async function endGuard(child: ChildProcess, order: Guard['order']): Promise<void> {
  if (!child.connected) return
  try {
    await order({ kind: 'end' })
  } finally {
    child.disconnect()
    child.unref()
  }
}

/** Starts a guard; what it has to take back is kept in a journal in `journalFolder`. */
export function startGuard(journalFolder: string): Guard {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, journalFolder], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, Waiting>()
  const counter = { last: 0 }
  child.on('message', (message) => settle(waiting, message as Answer)) // the guard sends nothing else
  const refuseAll = (cause?: unknown): void => {
    for (const { reject } of waiting.values()) reject(ended(cause))
    waiting.clear()
  }
  child.once('exit', () => refuseAll())
  child.on('error', refuseAll) // it could not be started, or an order not be sent: no reason for its owner to end
  const order = <Result>(given: Order): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      if (!child.connected) return reject(ended())
      counter.last += 1
      waiting.set(counter.last, { resolve: resolve as Waiting['resolve'], reject })
      child.send({ number: counter.last, order: given })
    })
  return { pid: child.pid, order, end: () => endGuard(child, order) }
}
