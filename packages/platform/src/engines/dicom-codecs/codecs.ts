// Decodes and encodes pixels out of process: a child starts with the first frame, ends when idle, and is replaced when it breaks.
import type { ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { PixelCodec, PixelDescription } from '@xinglin/core/dicom'
import { frameBytes } from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'
import { createFrameReader, type Frame, type Header, writeFrame } from '../../kernel/frames.ts'
import type { Logger } from '../../kernel/ports.ts'
import { type SupervisedProcess, superviseProcess } from '../../kernel/supervised-process.ts'

/** Options of {@link createDicomCodecs}. */
export interface DicomCodecOptions {
  readonly log: Logger
  /** Resident memory at which the child is killed; default 1024. */
  readonly memoryMb?: number
  /** Longest work on one frame; default 20 s. */
  readonly frameLimitMs?: number
  /** A child without work for so long is ended; default 60 s. */
  readonly idleMs?: number
  /** Most frames that may wait; default 256. */
  readonly queueLimit?: number
}

/** Open codecs. */
export interface OpenDicomCodecs extends PixelCodec {
  /** The child, while there is one. */
  readonly pid: number | undefined
  close(): Promise<void>
}

interface Job {
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: AppError) => void
  readonly timer: NodeJS.Timeout
}

interface State {
  supervised: SupervisedProcess | undefined
  starting: Promise<void> | undefined
  pipe: Duplex | undefined
  isReady: boolean
  isClosed: boolean
  idle: NodeJS.Timeout | undefined
  nextId: number
  readonly jobs: Map<number, Job>
}

const childFile = fileURLToPath(new URL('./child.ts', import.meta.url))
const defaults = { memoryMb: 1024, frameLimitMs: 20_000, idleMs: 60_000, queueLimit: 256 }

const lost = (): AppError =>
  new AppError('unprocessable', 'The image broke its decoder, or took too long: it is damaged or not as it says')

function endJobs(state: State): void {
  state.isReady = false
  state.pipe = undefined
  for (const { reject, timer } of state.jobs.values()) {
    clearTimeout(timer)
    reject(lost())
  }
  state.jobs.clear()
}

function settle(state: State, frame: Frame): void {
  if (frame.header.kind === 'ready') {
    state.isReady = true
    return
  }
  const id = Number(frame.header['id'])
  const job = state.jobs.get(id)
  if (job === undefined) return
  state.jobs.delete(id)
  clearTimeout(job.timer)
  if (frame.header.kind === 'done') job.resolve(frame)
  else job.reject(new AppError('not-acceptable', `The image cannot be decoded here: ${frame.header['message']}`))
}

function attach(state: State, child: ChildProcess): void {
  const pipe = child.stdio[3] as Duplex // opened with hasDataPipe
  state.pipe = pipe
  const read = createFrameReader((frame) => settle(state, frame))
  pipe.on('data', (chunk: Buffer) => {
    try {
      read(chunk)
    } catch {
      child.kill('SIGKILL') // it speaks nonsense: its memory cannot be trusted
    }
  })
  pipe.on('error', () => child.kill('SIGKILL'))
  child.on('exit', () => {
    if (state.pipe === pipe) endJobs(state)
  })
}

function supervise(state: State, { log, memoryMb }: Required<DicomCodecOptions>): SupervisedProcess {
  return superviseProcess({
    name: 'dicom-codecs',
    log,
    memoryMb,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=512', childFile],
    hasDataPipe: true,
    firstBackOffMs: 20,
    check: async () => {
      if (!state.isReady) throw new Error('the codecs are not loaded yet')
    },
    onStart: (child) => attach(state, child),
  })
}

async function ensureStarted(state: State, options: Required<DicomCodecOptions>): Promise<Duplex> {
  if (state.isClosed) throw new AppError('unavailable', 'The server is stopping')
  if (state.supervised === undefined) {
    state.supervised = supervise(state, options)
    state.starting = state.supervised.start()
    state.starting.catch(() => {
      state.supervised = undefined // the next frame tries again
    })
  }
  await state.starting
  if (state.pipe !== undefined && state.isReady) return state.pipe
  throw new AppError('unavailable', 'The decoder is being started again', { retryAfterSeconds: 1 })
}

async function stop(state: State): Promise<void> {
  clearTimeout(state.idle)
  const { supervised } = state
  state.supervised = undefined
  state.starting = undefined
  await supervised?.stop()
}

// The next frame waits for the child that is leaving, not for a new one that would be mistaken for it.
function restWhenIdle(state: State, { idleMs }: Required<DicomCodecOptions>): void {
  clearTimeout(state.idle)
  state.idle = setTimeout(() => {
    if (state.jobs.size === 0) void stop(state)
  }, idleMs).unref()
}

async function ask(
  state: State,
  options: Required<DicomCodecOptions>,
  header: Header,
  blob: Uint8Array,
): Promise<Frame> {
  if (state.jobs.size >= options.queueLimit) {
    throw new AppError('unavailable', 'Too many frames wait for their decoder; try again shortly', {
      retryAfterSeconds: 1,
    })
  }
  const pipe = await ensureStarted(state, options)
  const id = state.nextId++
  const waiting = state.jobs.size + 1
  try {
    return await new Promise<Frame>((resolve, reject) => {
      const end = (): void => {
        const pid = state.supervised?.pid
        if (pid !== undefined) process.kill(pid, 'SIGKILL') // it is started again; its exit settles what waits
      }
      state.jobs.set(id, { resolve, reject, timer: setTimeout(end, options.frameLimitMs * waiting) })
      writeFrame(pipe, { ...header, id }, { blob })
    })
  } finally {
    restWhenIdle(state, options)
  }
}

/** Creates the codecs; no child runs before the first frame. */
export function createDicomCodecs(given: DicomCodecOptions): OpenDicomCodecs {
  const options = { ...defaults, ...given }
  const state: State = {
    ...{ supervised: undefined, starting: undefined, pipe: undefined, idle: undefined },
    ...{ isReady: false, isClosed: false, nextId: 1, jobs: new Map() },
  }
  return {
    get pid() {
      return state.supervised?.pid
    },
    async decode({ transferSyntax, description, bytes }) {
      const frame = await ask(state, options, { kind: 'decode', transferSyntax, description }, bytes)
      const changed = frame.header['changed'] as Partial<PixelDescription> // written by child.ts
      const decoded = { ...description, ...changed }
      if (frame.blob.length >= frameBytes(decoded)) return { description: decoded, bytes: frame.blob }
      throw new AppError('unprocessable', 'The image is smaller than it says')
    },
    async encodeJpeg({ rows, columns, samplesPerPixel, bytes }, quality) {
      const frame = await ask(state, options, { kind: 'encode', rows, columns, samplesPerPixel, quality }, bytes)
      return frame.blob
    },
    async close() {
      state.isClosed = true
      await stop(state)
    },
  }
}
