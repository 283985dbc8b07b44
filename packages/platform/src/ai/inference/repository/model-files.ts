// Where models come from: a folder in Triton's layout, the registry, or a load request; all look the same to the server.

/** The files of one model. */
export interface ModelFiles {
  readonly name: string
  readonly origin: 'shipped' | 'folder' | 'registry' | 'request'
  /** Changes when what would be served changes. */
  readonly fingerprint: string
  /** The text of `config.pbtxt`, when there is one. */
  readonly configText: string | undefined
  /** Versions that are there, ascending. */
  readonly versions: readonly number[]
  /** Reads the graph of a version. @throws TritonError NOT_FOUND when it is gone */
  readGraph(version: number, fileName: string): Promise<Uint8Array>
  /** Reads another file of the model (labels, warm-up data); undefined when there is none. */
  readFile(path: string): Promise<Uint8Array | undefined>
}

/** A place that holds models. */
export interface ModelSource {
  names(): Promise<readonly string[]>
  open(name: string): Promise<ModelFiles | undefined>
}

/** One source out of several: the first that knows a model provides it. */
export function firstOf(sources: readonly ModelSource[]): ModelSource {
  return {
    async names() {
      const all = await Promise.all(sources.map((source) => source.names()))
      return [...new Set(all.flat())].sort()
    },
    async open(name) {
      for (const source of sources) {
        const files = await source.open(name)
        if (files !== undefined) return files
      }
      return undefined
    },
  }
}
