// What a running system leaves in its data folder for the command line: where it listens and which processes it is.
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { anothersFolder } from '../composition/data-folder.ts'
import { stillRuns } from '../engines/postgres/index.ts'
import type { Bucket } from './backup/blobs-elsewhere.ts'

/** The running system as its own command line sees it; the file is readable by its owner only. */
export interface RunState {
  readonly pid: number
  /** Start time of the process in clock ticks, where the system tells it: a process id comes again. */
  readonly processStartedAt?: string
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
  /** Every port that its services listen on. */
  readonly ports: readonly number[]
  /** Whether anybody can sign in as the people of the demo. */
  readonly isDemo: boolean
  /** Where images and models lie, when that is not the data folder. */
  readonly blobsElsewhere?: Bucket
  /** Folder of own models, when one is named; an absolute path. */
  readonly modelRepository?: string
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

/**
 * Reads the state of a system that is alive; undefined when none runs on this data folder.
 * @throws AppError 'forbidden' when it is another user's
 */
export async function readRunState(dataFolder: string): Promise<RunState | undefined> {
  const text = await readFile(join(dataFolder, fileName), 'utf8').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error.code === 'EACCES' ? await anothersFolder(dataFolder) : error
  })
  if (text === undefined) return undefined
  const state = JSON.parse(text) as RunState
  const { pid, processStartedAt: startedAt } = state
  return (await stillRuns({ pid, ...(startedAt === undefined ? {} : { startedAt }) })) ? state : undefined
}
