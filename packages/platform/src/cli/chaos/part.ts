// One process of a chaos stage: started, and started again when it is killed, as a Deployment would.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { processEnvironment } from '../../kernel/config.ts'

/** A process of the stage. */
export interface Part {
  readonly name: string
  readonly services: readonly string[]
  /** Ports of its services, one after the other in no certain order. */
  readonly ports: readonly number[]
  readonly pid: number | undefined
  /** The last words, when it could not start. */
  readonly words: () => string
  kill(graceMs: number): Promise<void>
  stop(): Promise<void>
}

/** What starting takes. */
export interface PartOptions {
  readonly name: string
  readonly services: readonly string[]
  readonly ports: readonly number[]
  readonly environment: Readonly<Record<string, string>>
  readonly onEnd: () => void
  /** Told after each start, also the first. */
  readonly onStart: () => void
}

const program = fileURLToPath(new URL('../main.ts', import.meta.url))
const stopMs = 20_000
const backOffMs = 200

interface Run {
  child: ChildProcess
  isStopping: boolean
  readonly words: string[]
}

function launch({ services, environment }: PartOptions, words: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'start', ...services], {
    env: { ...processEnvironment(), ...environment },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'], // the channel: it ends when the stage does
    detached: true, // Ctrl-C is for the stage alone
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    words.push(String(chunk))
    if (words.length > 50) words.shift()
  })
  return child
}

async function end(child: ChildProcess, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  const insist = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await ended
  clearTimeout(insist)
}

/** Starts a part and keeps it running until it is stopped. */
export function startPart(options: PartOptions): Part {
  const words: string[] = []
  const run: Run = { child: launch(options, words), isStopping: false, words }
  const follow = (child: ChildProcess): void => {
    options.onStart()
    child.once('exit', async () => {
      options.onEnd()
      await pause(backOffMs)
      if (run.isStopping) return
      run.child = launch(options, words)
      follow(run.child)
    })
  }
  follow(run.child)
  const { name, services, ports } = options
  return {
    name,
    services,
    ports,
    get pid() {
      return run.child.pid
    },
    words: () => words.join('').slice(-1500),
    kill: (graceMs) => end(run.child, graceMs > 0 ? 'SIGTERM' : 'SIGKILL', graceMs),
    stop() {
      run.isStopping = true
      return end(run.child, 'SIGTERM', stopMs)
    },
  }
}
