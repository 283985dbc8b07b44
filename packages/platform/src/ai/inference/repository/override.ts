// What a load request may bring itself: a configuration as JSON, and files in base64 (`file:<version>/<name>`).
import { invalid, TritonError } from '../protocol/triton-error.ts'
import type { ModelFiles } from './model-files.ts'

/** What a load request brings. */
export interface LoadOverride {
  /** The configuration as JSON, as in the parameter `config`. */
  readonly configJson?: string
  /** Contents by path within the model, e.g. `1/model.onnx`. */
  readonly files?: ReadonlyMap<string, Uint8Array>
}

const graphPath = /^([1-9]\d{0,8})\/([A-Za-z0-9_-][A-Za-z0-9._-]{0,127})$/

/** The files of a model as a request gives them; nothing of the repository is mixed in. @throws TritonError INVALID_ARG */
export function filesOfRequest(name: string, files: ReadonlyMap<string, Uint8Array>): ModelFiles {
  const versions = new Set<number>()
  for (const path of files.keys()) {
    const version = graphPath.exec(path)?.[1]
    if (version === undefined)
      throw invalid(`the file override ${JSON.stringify(path.slice(0, 128))} must be <version>/<file>`)
    versions.add(Number(version))
  }
  return {
    name,
    origin: 'request',
    configText: undefined,
    fingerprint: 'request',
    versions: [...versions].sort((a, b) => a - b),
    async readGraph(version, fileName) {
      const graph = files.get(`${version}/${fileName}`)
      if (graph === undefined) throw new TritonError('NOT_FOUND', `the request has no file ${version}/${fileName}`)
      return graph
    },
    readFile: async (path) => files.get(path),
  }
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Reads the parameters of a load request. @throws TritonError INVALID_ARG for a parameter that does not exist or is no text */
export function readOverride(parameters: Readonly<Record<string, unknown>>): LoadOverride {
  const files = new Map<string, Uint8Array>()
  for (const [key, value] of Object.entries(parameters)) {
    if (key === 'config') continue
    const shown = JSON.stringify(key.slice(0, 128))
    if (!key.startsWith('file:')) throw invalid(`load takes the parameters config and file:<path>, not ${shown}`)
    if (typeof value !== 'string' || !base64.test(value)) throw invalid(`the parameter ${shown} must be base64`)
    files.set(key.slice('file:'.length), Buffer.from(value, 'base64'))
  }
  const { config } = parameters
  if (config !== undefined && typeof config !== 'string') throw invalid('the parameter config must be a text of JSON')
  return { ...(config === undefined ? {} : { configJson: config }), ...(files.size === 0 ? {} : { files }) }
}
