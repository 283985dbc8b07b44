// A folder in Triton's layout: <model>/config.pbtxt, <model>/<version>/model.onnx; links that leave the folder are not followed.
import { readdir, readFile, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { isModelName } from '../model-config/model-config.ts'
import { invalid, TritonError } from '../protocol/triton-error.ts'
import type { ModelFiles, ModelSource } from './model-files.ts'

const maxModels = 1000
const versionName = /^[1-9]\d{0,8}$/
const fileName = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}(\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}){0,2}$/

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

async function foldersIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name)
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

// A link may point elsewhere inside the repository, but not out of it.
async function readInside(folder: string, path: string): Promise<Uint8Array | undefined> {
  if (!fileName.test(path)) throw invalid(`${JSON.stringify(path.slice(0, 128))} is no name of a file of a model`)
  try {
    const [root, real] = await Promise.all([realpath(folder), realpath(join(folder, path))])
    if (!real.startsWith(root + sep)) throw invalid(`the file ${path} lies outside of the model repository`)
    return await readFile(real)
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

async function openModel(folder: string, name: string, origin: ModelFiles['origin']): Promise<ModelFiles | undefined> {
  const versions = (await foldersIn(join(folder, name))).filter((one) => versionName.test(one)).map(Number)
  const config = await readInside(folder, `${name}/config.pbtxt`)
  const configText = config === undefined ? undefined : new TextDecoder().decode(config)
  if (versions.length === 0 && config === undefined) return undefined
  return {
    name,
    origin,
    configText,
    fingerprint: `${origin} ${versions.join(',')} ${configText}`,
    versions: versions.sort((a, b) => a - b),
    async readGraph(version, file) {
      const graph = await readInside(folder, `${name}/${version}/${file}`)
      if (graph === undefined) throw new TritonError('NOT_FOUND', `model '${name}' has no file ${version}/${file}`)
      return graph
    },
    readFile: (path) => readInside(folder, `${name}/${path}`),
  }
}

/** A repository in a folder; an absent folder holds nothing. */
export function folderSource(folder: string, origin: 'shipped' | 'folder'): ModelSource {
  return {
    async names() {
      const names = (await foldersIn(folder)).filter(isModelName).sort()
      return names.slice(0, maxModels)
    },
    open: async (name) => (isModelName(name) ? openModel(folder, name, origin) : undefined),
  }
}
