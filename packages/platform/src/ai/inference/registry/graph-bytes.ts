// The bytes of a registered graph, whole and proved by their hash.
import { createHash } from 'node:crypto'
import type { Blobs } from '../../../kernel/ports.ts'
import { TritonError } from '../protocol/triton-error.ts'
import type { ModelVersion } from './model-version.ts'

/** Reads a graph out of the blobs. @throws TritonError when it is gone or not what was registered */
export async function readGraphBytes(blobs: Blobs, version: ModelVersion): Promise<Uint8Array> {
  const { model, artefact = '', sha256 } = version
  const body = artefact === '' ? undefined : await blobs.get(artefact)
  if (body === undefined)
    throw new TritonError('NOT_FOUND', `the graph of '${model}' version ${version.version} is gone`)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes
  throw new TritonError('INTERNAL', `the graph of '${model}' version ${version.version} is not what was registered`)
}
