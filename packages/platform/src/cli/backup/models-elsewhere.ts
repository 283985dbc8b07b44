// Where the own models lie (MODEL_REPOSITORY): below the data folder they are part of a backup; elsewhere that is said aloud.
import { isAbsolute, join, relative, resolve, sep } from 'node:path'

const defaultFolder = 'models'

/** A model repository seen from a data folder. */
export interface ModelPlace {
  /** From the data folder on, with slashes; undefined when it lies elsewhere. */
  readonly folder: string | undefined
  readonly path: string
}

/** The folder of own models; a relative one starts where the process does, as the inference server reads it. */
export function modelPlaceOf(repository: string | undefined, dataFolder: string): ModelPlace {
  const path = repository === undefined ? join(dataFolder, defaultFolder) : resolve(repository)
  const inside = relative(dataFolder, path)
  const isInside = inside !== '' && !isAbsolute(inside) && inside.split(sep)[0] !== '..'
  return { path, folder: isInside ? inside.split(sep).join('/') : undefined }
}

/** Warns on standard error, also with --json: a nightly job's log then has it. */
export function warnOfModels(path: string, sentence: string): void {
  const lines = [`WARNING: own models lie in ${path} (MODEL_REPOSITORY).`, sentence]
  process.stderr.write(`\n${lines.join('\n')}\nSee docs/operations.md, "Backup and restore".\n\n`)
}
