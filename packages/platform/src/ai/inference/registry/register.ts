// Registers a version: the graph is proved to be one and to run, its bytes are durable, then its row appears.
import { createHash } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import type { Blobs, Ids, Onnx } from '../../../kernel/ports.ts'
import type { Sql, Tx } from '../../../kernel/sql.ts'
import { completeConfig } from '../model-config/complete.ts'
import { isModelName, readConfigText } from '../model-config/model-config.ts'
import { readSignature } from '../model-config/onnx-signature.ts'
import { TritonError } from '../protocol/triton-error.ts'
import type { Lineage, Metric, ModelVersion } from './model-version.ts'
import { findByHash, insertVersion, readVersion } from './store.ts'

/** What registering stands on. */
export interface RegisterParts {
  readonly sql: Sql
  readonly blobs: Blobs
  readonly onnx: Onnx
  readonly ids: Ids
}

/** What is said of the version. */
export interface Registration {
  readonly model: string
  readonly description: string
  readonly config: string
  readonly card: string
  readonly metrics: readonly Metric[]
  readonly lineage: Lineage
  readonly registeredBy: string
}

/** The outcome: a new version, or the one that has these very bytes already. */
export interface Registered {
  readonly version: ModelVersion
  readonly isNew: boolean
}

function checkInterval({ name, value, low, high }: Metric): void {
  if ((low === undefined || low <= value) && (high === undefined || value <= high)) return
  throw new AppError('unprocessable', `The interval of ${name} does not hold its value`)
}

// Signature and configuration must agree, as they must when the version is served.
function checkGraph({ model, config }: Registration, graph: Uint8Array): void {
  try {
    completeConfig(readConfigText(config, model).config, readSignature(graph), config !== '')
  } catch (error) {
    if (error instanceof TritonError) throw new AppError('unprocessable', error.message, { cause: error })
    throw error
  }
}

async function checkItRuns(onnx: Onnx, graph: Uint8Array): Promise<void> {
  const session = await onnx.open(graph)
  await session.close()
}

/**
 * Registers a version in the stage none.
 * @param append what else is written in the same transaction
 * @throws AppError 'unprocessable' when the graph, its configuration or its figures cannot be used
 */
export async function registerVersion(
  parts: RegisterParts,
  registration: Registration,
  graph: Uint8Array,
  append: (tx: Tx, version: ModelVersion) => Promise<void>,
): Promise<Registered> {
  const { sql, blobs, onnx, ids } = parts
  const { model, metrics, lineage } = registration
  if (!isModelName(model)) throw new AppError('invalid-parameter', 'That is no name of a model')
  metrics.forEach(checkInterval)
  const sha256 = createHash('sha256').update(graph).digest('hex')
  const known = await findByHash(sql, model, sha256)
  if (known !== undefined) return { version: known, isNew: false }
  const { parentVersion } = lineage
  if (parentVersion !== undefined && (await readVersion(sql, model, parentVersion)) === undefined) {
    throw new AppError('unprocessable', `There is no version ${parentVersion} of ${model} to go on from`)
  }
  checkGraph(registration, graph)
  await checkItRuns(onnx, graph)
  const artefact = `models/${model}/${ids.uuid()}.onnx`
  const { sizeBytes } = await blobs.put(artefact, graph)
  try {
    const version = await sql.transaction(async (tx) => {
      const added = await insertVersion(tx, { ...registration, stage: 'none', sha256, sizeBytes, artefact })
      await append(tx, added)
      return added
    })
    return { version, isNew: true }
  } catch (error) {
    await blobs.delete(artefact)
    throw error
  }
}
