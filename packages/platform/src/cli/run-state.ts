// What a running system leaves in its data folder for the command line: where it listens and which processes it is.
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The running system as its own command line sees it; the file is readable by its owner only. */
export interface RunState {
  readonly pid: number
  readonly startedAt: string
  readonly version: string
  readonly dataFolder: string
  readonly gatewayUrl: string
  readonly adminUrl: string
  readonly registryUrl: string
  readonly databaseUrl: string
  /** The embedded PostgreSQL, when there is one. */
  readonly postgresPid?: number
  readonly services: readonly string[]
}

const fileName = 'run.json'

/** Writes the state whole or not at all. */
export async function writeRunState(dataFolder: string, state: RunState): Promise<void> {
  const path = join(dataFolder, fileName)
  await writeFile(`${path}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** Removes the state at a clean stop. */
export async function clearRunState(dataFolder: string): Promise<void> {
  await rm(join(dataFolder, fileName), { force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Reads the state of a system that is alive; undefined when none runs on this data folder. */
export async function readRunState(dataFolder: string): Promise<RunState | undefined> {
  const text = await readFile(join(dataFolder, fileName), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const state = JSON.parse(text) as RunState
  return isAlive(state.pid) ? state : undefined
}
