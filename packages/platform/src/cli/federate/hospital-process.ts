// A hospital as a process of its own, as the demo starts it: the same command that a real hospital runs.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { processEnvironment } from '../../kernel/config.ts'

/** A hospital of the demo. */
export interface HospitalOptions {
  readonly mix: string
  readonly server: string
  readonly token: string
  readonly stays: number
  readonly seed: number
}

/** A hospital under way. */
export interface Hospital {
  readonly mix: string
  readonly pid: number | undefined
  /** Resolves with its exit code and its last words. */
  readonly ended: Promise<{ readonly code: number | null; readonly words: string }>
  stop(): Promise<void>
}

const program = fileURLToPath(new URL('../main.ts', import.meta.url))

async function endOf(child: ChildProcess, words: readonly string[]) {
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, words: words.join('').trim().split('\n').at(-1) ?? '' }
}

/** Starts a hospital; its token goes by the environment, which other users' lists of processes do not show. */
export function startHospital({ mix, server, token, stays, seed }: HospitalOptions): Hospital {
  const words: string[] = []
  const options = ['--server', server, '--name', mix, '--synthetic', mix, '--stays', `${stays}`, '--seed', `${seed}`]
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, 'federate', 'site', ...options],
    {
      env: { ...processEnvironment(), SITE_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  )
  child.channel?.unref()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      words.push(chunk.toString())
      if (words.length > 100) words.shift()
    })
  }
  const ended = endOf(child, words)
  return {
    mix,
    pid: child.pid,
    ended,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}
