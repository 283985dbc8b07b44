// Enters the shipped models into the registry, so that one list shows all: their card, figures, hash and lineage.
import { createHash } from 'node:crypto'
import type { Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import type { ModelFiles, ModelSource } from '../repository/model-files.ts'
import type { ModelVersion } from './model-version.ts'
import { readShippedFacts } from './shipped-facts.ts'
import { insertVersion, type NewVersion, readProduction, readVersion, updateShipped } from './store.ts'

async function textOf(files: ModelFiles, path: string): Promise<string> {
  const bytes = await files.readFile(path)
  return bytes === undefined ? '' : new TextDecoder().decode(bytes)
}

async function describe(files: ModelFiles, version: number): Promise<NewVersion> {
  const graph = await files.readGraph(version, 'model.onnx')
  const facts = readShippedFacts(await textOf(files, 'metrics.json'))
  return {
    model: files.name,
    description: facts.description,
    stage: 'none',
    sha256: createHash('sha256').update(graph).digest('hex'),
    sizeBytes: graph.byteLength,
    artefact: undefined,
    config: files.configText ?? '',
    card: await textOf(files, 'CARD.md'),
    metrics: facts.metrics,
    lineage: facts.lineage,
    registeredBy: 'xinglin',
  }
}

// Card and figures may be written after the weights.
function isSame(known: ModelVersion, described: NewVersion): boolean {
  const facts = ({ sha256, card, config, metrics, lineage }: NewVersion | ModelVersion): string =>
    [
      sha256,
      card,
      config,
      ...metrics.map(({ name, value, low, high }) => `${name} ${value} ${low} ${high}`),
      lineage.dataset,
    ].join('\0')
  return facts(known) === facts(described)
}

async function enter(sql: Sql, files: ModelFiles, version: number): Promise<void> {
  const described = await describe(files, version)
  const known = await readVersion(sql, files.name, version)
  if (known !== undefined && (known.artefact !== undefined || isSame(known, described))) return
  await sql.transaction(async (tx) => {
    if (known !== undefined) return updateShipped(tx, described, version)
    const isFirst = (await readProduction(tx, files.name)) === undefined
    await insertVersion(tx, { ...described, stage: isFirst ? 'production' : 'none' }, version)
  })
}

/** Enters what is not there yet; a model that cannot be entered is told in the log and stays served. */
export async function enterShipped(sql: Sql, shipped: ModelSource, log: Logger): Promise<void> {
  for (const name of await shipped.names()) {
    const files = await shipped.open(name)
    for (const version of files?.versions.toReversed() ?? []) {
      if (files === undefined) continue
      await enter(sql, files, version).catch((error: unknown) =>
        log.warn('inference.shipped.failed', { model: name, error }),
      )
    }
  }
}
