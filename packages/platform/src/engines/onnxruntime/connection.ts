// One connection to one child: frames out, answers back by number; what is under way when the child is lost fails.
import type { ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { AppError } from '@xinglin/core/errors'
import { type Body, createFrameReader, type Frame, type Header, writeFrame } from '../../kernel/frames.ts'
import { freeBytes } from '../../kernel/free-bytes.ts'
import type { Datatype } from '../../kernel/ports.ts'

/** What the child says of its graph. */
export interface Opened {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  readonly inputTypes: Readonly<Record<string, Datatype | undefined>>
}

/** A connection to a child. */
export interface Connection {
  /** The child's description of the graph, once it is open. */
  readonly opened: Opened | undefined
  /** Why the child refused the graph. */
  readonly refusal: string | undefined
  /** Sends and waits for the answer. @throws AppError 'unprocessable' (refused) or 'unavailable' (lost) */
  ask(header: Header, body?: Body): Promise<Frame>
  send(header: Header, body?: Body): void
}

interface Waiting {
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: AppError) => void
}

const lost = (): AppError =>
  new AppError('unavailable', 'The process of the model was lost; it is started again', { retryAfterSeconds: 1 })

/** Attaches to a child that was spawned with a data pipe. */
export function connect(child: ChildProcess): Connection {
  const pipe = child.stdio[3] as Duplex // opened with hasDataPipe
  const waiting = new Map<number, Waiting>()
  const state: { nextId: number; isLost: boolean; opened?: Opened; refusal?: string } = { nextId: 1, isLost: false }

  const end = (): void => {
    state.isLost = true
    for (const { reject } of waiting.values()) reject(lost())
    waiting.clear()
  }
  const take = (frame: Frame): void => {
    const { kind, id, message } = frame.header
    if (kind === 'opened')
      state.opened = frame.header as unknown as Opened // written by child.ts
    else if (kind === 'refused' && id === undefined) {
      state.refusal = String(message)
      child.kill('SIGKILL') // without a graph it is of no use
    }
    const asked = waiting.get(Number(id))
    waiting.delete(Number(id))
    if (kind === 'refused') asked?.reject(new AppError('unprocessable', `ONNX Runtime refused: ${message}`))
    else asked?.resolve(frame)
  }
  const read = createFrameReader(take)
  pipe.on('data', (chunk: Buffer) => {
    try {
      read(chunk)
      freeBytes(chunk) // it was copied
    } catch {
      child.kill('SIGKILL') // it speaks nonsense: its memory cannot be trusted
    }
  })
  pipe.on('error', end)
  pipe.on('close', end)
  child.on('exit', end)

  return {
    get opened() {
      return state.opened
    },
    get refusal() {
      return state.refusal
    },
    ask(header, body) {
      if (state.isLost) return Promise.reject(lost())
      const id = state.nextId++
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        writeFrame(pipe, { ...header, id }, body)
      })
    },
    send: (header, body) => writeFrame(pipe, header, body),
  }
}
