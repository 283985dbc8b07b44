// All models of this server: what is loaded, in which versions, what could not be loaded and why; loading, unloading, replacing.
import { AppError } from '@xinglin/core/errors'
import type { Logger } from '../../../kernel/ports.ts'
import { isModelName, type ReadConfig, readConfigJson, readConfigText } from '../model-config/model-config.ts'
import { invalid, TritonError } from '../protocol/triton-error.ts'
import type { ModelFiles, ModelSource } from '../repository/model-files.ts'
import { filesOfRequest, type LoadOverride } from '../repository/override.ts'
import { chooseVersions } from '../repository/version-policy.ts'
import { type ServedVersion, type ServingParts, serveVersion } from './served-version.ts'

/** One line of the repository's index; names as in Triton's extension. */
export interface IndexEntry {
  readonly name: string
  readonly version?: string
  readonly state?: 'READY' | 'UNAVAILABLE'
  readonly reason?: string
}

/** What the server stands on. */
export interface ModelServerParts extends ServingParts {
  readonly source: ModelSource
  readonly log: Logger
}

/** The models of a server. */
export interface ModelServer {
  /** Loads, or loads anew, with open processes and warm-up done. @throws TritonError when it cannot */
  load(name: string, override?: LoadOverride): Promise<void>
  unload(name: string): Promise<void>
  /** Follows a change of the source: loads what is there, without starting processes, and unloads what is gone. */
  refresh(name: string): Promise<void>
  /** Loads every model of the source; those that cannot be are in the index with the reason. */
  loadAll(): Promise<void>
  /** The named version, else the newest. @throws TritonError NOT_FOUND or UNAVAILABLE */
  find(name: string, version?: string): ServedVersion
  /** Versions that are served, by model and version. */
  served(): readonly ServedVersion[]
  versionsOf(name: string): readonly string[]
  index(isReadyOnly: boolean): Promise<readonly IndexEntry[]>
  isLoaded(): boolean
  close(): Promise<void>
}

interface Loaded {
  /** Ascending by version. */
  readonly versions: readonly ServedVersion[]
  /** Of the files that the versions were made of. */
  readonly fingerprint: string
  /** Why the model, or its newest loading, is not there. */
  readonly reason: string
}

interface State {
  readonly models: Map<string, Loaded>
  readonly turns: Map<string, Promise<void>>
  isLoaded: boolean
  isClosed: boolean
}

const reasonOf = (error: unknown): string =>
  error instanceof TritonError || error instanceof AppError ? error.message : 'the model could not be loaded'

function configOf(files: ModelFiles, override: LoadOverride): { read: ReadConfig; isGiven: boolean } {
  if (override.configJson !== undefined) return { read: readConfigJson(override.configJson, files.name), isGiven: true }
  return { read: readConfigText(files.configText ?? '', files.name), isGiven: files.configText !== undefined }
}

async function prepare(
  parts: ModelServerParts,
  files: ModelFiles,
  override: LoadOverride,
): Promise<readonly ServedVersion[]> {
  const { read, isGiven } = configOf(files, override)
  const { config, ignored } = read
  if (ignored.length > 0) parts.log.warn('inference.config.ignored', { model: files.name, fields: ignored.join(',') })
  const chosen = chooseVersions(config.version_policy, files.versions)
  if (chosen.length === 0) {
    throw invalid(`model '${files.name}' has no version that its version_policy serves`)
  }
  return Promise.all(chosen.map((version) => serveVersion({ config, isGiven }, files, version, parts)))
}

async function openAll(versions: readonly ServedVersion[]): Promise<void> {
  try {
    for (const version of versions) await version.open()
  } catch (error) {
    await Promise.all(versions.map((version) => version.close()))
    if (error instanceof TritonError) throw error
    throw new TritonError(
      error instanceof AppError && error.code === 'unavailable' ? 'UNAVAILABLE' : 'INVALID_ARG',
      reasonOf(error),
      {
        cause: error,
      },
    )
  }
}

// Changes of one model follow each other.
function inTurn<T>(state: State, name: string, work: () => Promise<T>): Promise<T> {
  const before = state.turns.get(name) ?? Promise.resolve()
  const mine = before.then(work)
  const settled = mine.then(
    () => undefined,
    () => undefined, // told to the one who asked
  )
  state.turns.set(name, settled)
  void settled.then(() => {
    if (state.turns.get(name) === settled) state.turns.delete(name)
  })
  return mine
}

async function replace(state: State, name: string, loaded: Loaded): Promise<void> {
  const before = state.models.get(name)
  state.models.set(name, loaded)
  await Promise.all((before?.versions ?? []).map((version) => version.close()))
}

function entriesOf(name: string, loaded: Loaded | undefined): readonly IndexEntry[] {
  if (loaded === undefined) return [{ name }]
  if (loaded.versions.length === 0) return [{ name, version: '', state: 'UNAVAILABLE', reason: loaded.reason }]
  return loaded.versions.map(({ version }) => ({ name, version, state: 'READY', reason: '' }))
}

function findIn(state: State, name: string, version: string): ServedVersion {
  const loaded = state.models.get(name)
  const shown = JSON.stringify(name.slice(0, 128)).slice(1, -1)
  if (loaded === undefined) throw new TritonError('NOT_FOUND', `Request for unknown model: '${shown}' is not found`)
  const found = version === '' ? loaded.versions.at(-1) : loaded.versions.find((one) => one.version === version)
  if (found !== undefined) return found
  if (loaded.versions.length === 0)
    throw new TritonError('UNAVAILABLE', `model '${shown}' is not ready: ${loaded.reason}`)
  throw new TritonError(
    'NOT_FOUND',
    `Request for unknown model: '${shown}' version ${version.slice(0, 20)} is not found`,
  )
}

/** Creates the models of a server; nothing is loaded yet. */
export function createModelServer(parts: ModelServerParts): ModelServer {
  const { source, log } = parts
  const state: State = { models: new Map(), turns: new Map(), isLoaded: false, isClosed: false }

  const unload = async (name: string): Promise<void> => {
    if (!state.models.has(name))
      throw new TritonError('NOT_FOUND', `failed to unload '${name.slice(0, 128)}', it is not known`)
    await replace(state, name, { versions: [], fingerprint: '', reason: 'unloaded' })
    log.info('inference.unloaded', { model: name })
  }
  const load = async (name: string, override: LoadOverride): Promise<void> => {
    if (state.isClosed) throw new TritonError('UNAVAILABLE', 'the server is stopping')
    if (!isModelName(name)) throw invalid(`failed to load '${name.slice(0, 128)}', that is no name of a model`)
    if (override.files !== undefined && override.configJson === undefined) {
      throw invalid(`failed to load '${name}', override files need the parameter config too`)
    }
    const files = override.files === undefined ? await source.open(name) : filesOfRequest(name, override.files)
    if (files === undefined) throw new TritonError('NOT_FOUND', `failed to load '${name}', it is not in the repository`)
    const versions = await prepare(parts, files, override)
    await openAll(versions)
    await replace(state, name, { versions, fingerprint: files.fingerprint, reason: '' })
    log.info('inference.loaded', { model: name, versions: versions.length, origin: files.origin })
  }
  const refresh = async (name: string): Promise<void> => {
    if (state.isClosed) return
    const files = await source.open(name)
    if (files === undefined) {
      if (state.models.has(name)) await unload(name)
      return
    }
    // The process that made a change hears of it too.
    if (state.models.get(name)?.fingerprint === files.fingerprint) return
    try {
      const versions = await prepare(parts, files, {})
      // With a warm-up a model is ready only after it.
      if (versions.some(({ config }) => config.model_warmup.length > 0)) await openAll(versions)
      await replace(state, name, { versions, fingerprint: files.fingerprint, reason: '' })
    } catch (error) {
      log.warn('inference.load.failed', { model: name, error })
      const { versions = [], fingerprint = '' } = state.models.get(name) ?? {}
      state.models.set(name, { versions, fingerprint, reason: reasonOf(error) })
    }
  }
  const served = (): readonly ServedVersion[] =>
    [...state.models.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, { versions }]) => versions)

  return {
    load: (name, override = {}) => inTurn(state, name, () => load(name, override)),
    unload: (name) => inTurn(state, name, () => unload(name)),
    refresh: (name) => inTurn(state, name, () => refresh(name)),
    async loadAll() {
      for (const name of await source.names()) await inTurn(state, name, () => refresh(name))
      state.isLoaded = true
    },
    find: (name, version = '') => findIn(state, name, version),
    served,
    versionsOf: (name) => (state.models.get(name)?.versions ?? []).map(({ version }) => version),
    async index(isReadyOnly) {
      const names = new Set([...(await source.names()), ...state.models.keys()])
      const entries = [...names].sort().flatMap((name) => entriesOf(name, state.models.get(name)))
      return isReadyOnly ? entries.filter((entry) => entry.state === 'READY') : entries
    },
    isLoaded: () => state.isLoaded,
    async close() {
      state.isClosed = true
      await Promise.all(state.turns.values())
      await Promise.all(served().map((version) => version.close()))
    },
  }
}
