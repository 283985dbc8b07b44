// What a running system leaves in its data folder for the command line: where it listens and which processes it is.
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { anothersFolder } from '../composition/data-folder.ts'
import { stillRuns } from '../engines/postgres/index.ts'
import type { Bucket } from './backup/bucket.ts'

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

/** A process of a split system besides the one that holds the gateway. */
export type PartState = Pick<RunState, 'pid' | 'processStartedAt' | 'services' | 'ports'>

const fileName = 'run.json'
const partName = /^run-\d+\.json$/
const partFile = (pid: number): string => `run-${pid}.json`

async function writeWhole(path: string, state: RunState | PartState): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** Writes the state whole or not at all. */
export async function writeRunState(dataFolder: string, state: RunState): Promise<void> {
  await writeWhole(join(dataFolder, fileName), state)
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
  return (await isAlive(state)) ? state : undefined
}

function isAlive({ pid, processStartedAt: startedAt }: PartState): Promise<boolean> {
  return stillRuns({ pid, ...(startedAt === undefined ? {} : { startedAt }) })
}

/** Writes the state of a part; those of parts that are no more are removed. */
export async function writePartState(dataFolder: string, state: PartState): Promise<void> {
  const alive = new Set((await readPartStates(dataFolder)).map(({ pid }) => partFile(pid)))
  const left = (await readdir(dataFolder)).filter((name) => partName.test(name) && !alive.has(name))
  for (const name of left) await rm(join(dataFolder, name), { force: true })
  await writeWhole(join(dataFolder, partFile(state.pid)), state)
}

/** Removes the state of a part at a clean stop. */
export async function clearPartState(dataFolder: string, pid: number): Promise<void> {
  await rm(join(dataFolder, partFile(pid)), { force: true })
}

/** The parts that are alive on this data folder. */
export async function readPartStates(dataFolder: string): Promise<readonly PartState[]> {
  const names = await readdir(dataFolder).catch(() => [])
  const texts = names
    .filter((name) => partName.test(name))
    .map((name) => readFile(join(dataFolder, name), 'utf8').catch(() => undefined)) // it ended meanwhile
  const states = (await Promise.all(texts)).flatMap((text) =>
    text === undefined ? [] : [JSON.parse(text) as PartState],
  )
  const alive = await Promise.all(states.map(isAlive))
  return states.filter((_state, at) => alive[at])
}
