// Finds the system that a command is about: the one that runs on the data folder, or the database that is given.
import { AppError } from '@xinglin/core/errors'
import { dataFolderOf, type ProcessSettings } from '../composition/process-settings.ts'
import { processEnvironment, readSettings } from '../kernel/config.ts'
import { settingsByOwner } from '../services.ts'
import type { SystemPlace } from './local.ts'
import { type RunState, readRunState } from './run-state.ts'

/** The settings of this process' environment. */
export function ownSettings() {
  return readSettings(settingsByOwner, processEnvironment())
}

/** The system that runs on the data folder, if any. */
export function runningSystem(settings: ProcessSettings = ownSettings().process): Promise<RunState | undefined> {
  return readRunState(dataFolderOf(settings))
}

/**
 * The running system.
 * @throws AppError 'unavailable' when none runs
 */
export async function demandSystem(): Promise<RunState> {
  const settings = ownSettings().process
  const state = await runningSystem(settings)
  if (state !== undefined) return state
  throw new AppError(
    'unavailable',
    `No system runs on ${dataFolderOf(settings)}; start one with: npm start (or set XINGLIN_DATA)`,
  )
}

/** The database and data of the running system, else of DATABASE_URL. */
export async function demandPlace(): Promise<SystemPlace> {
  const settings = ownSettings().process
  const { databaseUrl } = settings
  if (databaseUrl !== undefined) return { databaseUrl, dataFolder: dataFolderOf(settings) }
  return demandSystem()
}
