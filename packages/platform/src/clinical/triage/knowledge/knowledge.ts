// The active knowledge, compiled: loaded from data/ when new, followed when another version becomes active.
import { AppError } from '@xinglin/core/errors'
import { compileGraph, type FindingNames, indexNames, type NamedEdge, type TriageGraph } from '@xinglin/core/triage'
import type { Logger, SymptomEdges, SymptomGraph } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { parseKnowledge } from './parse.ts'
import { readSeed } from './seed.ts'
import {
  activateVersion,
  activeVersion,
  insertVersion,
  knowledgeChannel,
  lockVersions,
  medicineTables,
  readVersion,
  versionByChecksum,
} from './store.ts'
import { type KnowledgeRows, knowledgeTables } from './tables.ts'

/** One version, ready to be asked. */
export interface CompiledKnowledge {
  readonly version: number
  readonly graph: TriageGraph
  readonly names: FindingNames
  readonly articleEdges: readonly NamedEdge[]
}

/** The knowledge of a process. */
export interface Knowledge {
  /** Stores what data/ has when it is new, and follows the active version. */
  start(): Promise<void>
  active(): Promise<CompiledKnowledge>
  /** A version by its number, for interviews that began under it. */
  version(version: number): Promise<CompiledKnowledge>
  close(): Promise<void>
}

const keptVersions = 4
// Triage does not need the medicines in memory.
const triageTables = knowledgeTables.filter((table) => !medicineTables.includes(table))

/** Compiles the rows of a version. */
export function compileKnowledge(version: number, rows: KnowledgeRows): CompiledKnowledge {
  const { facts, articleEdges } = parseKnowledge(rows)
  return { version, graph: compileGraph(facts), names: indexNames(facts.findings), articleEdges }
}

/** Stores the knowledge of data/ once; activates it unless a person's edit is active. */
export async function storeSeed(sql: Sql, log: Logger): Promise<void> {
  const seed = await readSeed()
  await sql.transaction(async (tx) => {
    await lockVersions(tx)
    const known = await versionByChecksum(tx, seed.checksum)
    const active = await activeVersion(tx)
    if (known !== undefined && active !== undefined) return
    const label = 'as it comes with Xinglin'
    const fresh = { ...seed, label, origin: 'seed', createdBy: 'xinglin' } as const
    const version = known ?? (await insertVersion(tx, fresh))
    if (active?.origin === 'edit') {
      log.warn('triage.knowledge.new-seed-not-active', { version, active: active.version })
      return
    }
    await activateVersion(tx, version, 'xinglin')
    log.info('triage.knowledge.loaded', { version })
  })
}

/** The graph of a version as Neo4j holds it. */
export function symptomEdgesOf({ graph }: Pick<CompiledKnowledge, 'graph'>): SymptomEdges {
  const { facts } = graph
  const used = new Set(facts.presentsIn.map(({ finding }) => finding))
  return {
    symptoms: facts.findings
      .filter(({ id }) => used.has(id))
      .map(({ id, name }) => ({ id, name: name.en, zh: name.zh })),
    diseases: facts.conditions.map(({ id, name, icd10 }) => ({ id, name: name.en, zh: name.zh, icd10 })),
    edges: facts.presentsIn.map(({ finding, condition, p }) => ({ symptom: finding, disease: condition, p })),
  }
}

/** What the knowledge of a process needs. */
export interface KnowledgeParts {
  readonly sql: Sql
  readonly log: Logger
  /** Kept with the active version too. */
  readonly graph?: SymptomGraph
}

/** Creates the knowledge of a process over its database. */
export function createKnowledge({ sql, log, graph }: KnowledgeParts): Knowledge {
  const compiled = new Map<number, Promise<CompiledKnowledge>>()
  const state: { active?: number | undefined; stop?: () => Promise<void> } = {}
  const load = async (version: number): Promise<CompiledKnowledge> => {
    const rows = await readVersion(sql, version, triageTables)
    if ((rows.get('finding') ?? []).length === 0) {
      throw new AppError('not-found', `There is no version ${version} of the knowledge`)
    }
    return compileKnowledge(version, rows)
  }
  const versionOf = (version: number): Promise<CompiledKnowledge> => {
    const known = compiled.get(version)
    if (known !== undefined) return known
    const loading = load(version)
    compiled.set(version, loading)
    loading.catch(() => compiled.delete(version))
    const [oldest] = compiled.keys()
    if (compiled.size > keptVersions && oldest !== undefined) compiled.delete(oldest)
    return loading
  }
  const active = async (): Promise<CompiledKnowledge> => {
    state.active ??= (await activeVersion(sql))?.version
    if (state.active === undefined) throw new AppError('unavailable', 'The knowledge of triage is not loaded yet')
    return versionOf(state.active)
  }
  // Triage works without Neo4j; a graph that could not be loaded is loaded with the next activation or start.
  const fillGraph = async (): Promise<void> => {
    await graph?.load(symptomEdgesOf(await active()))
  }
  const keepGraph = (): void => {
    if (graph === undefined) return
    fillGraph().catch((error: unknown) => log.warn('triage.neo4j.not-loaded', { error }))
  }
  return {
    version: versionOf,
    active,
    async start() {
      await storeSeed(sql, log)
      state.stop = await sql.listen(knowledgeChannel, () => {
        state.active = undefined
        keepGraph()
      })
      state.active = undefined
      keepGraph()
    },
    async close() {
      await state.stop?.()
    },
  }
}
