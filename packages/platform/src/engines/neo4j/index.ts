// The graph of triage in Neo4j: the active knowledge as Symptom and Disease nodes, and the article's score asked of it.
import { createHash } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import neo4j, { type Driver } from 'neo4j-driver'
import type { SymptomEdges, SymptomGraph } from '../../kernel/ports.ts'

/** Where Neo4j is. */
export interface Neo4jSettings {
  /** E.g. `neo4j://host:7687` or `bolt://host:7687`. */
  readonly url: string
  readonly user: string
  readonly password: string
}

/** An open graph. */
export interface OpenSymptomGraph extends SymptomGraph {
  close(): Promise<void>
}

const connectMs = 3000
const queryMs = 10_000
const batchSize = 1000

// Only nodes with the label Xinglin are ours: what others keep in the same database stays as it is.
const removeOwn = 'MATCH (n:Xinglin) DETACH DELETE n'
const createSymptoms = `UNWIND $rows AS row
CREATE (:Symptom:Xinglin {id: row.id, name: row.name, zh: row.zh})`
const createDiseases = `UNWIND $rows AS row
CREATE (:Disease:Xinglin {id: row.id, name: row.name, zh: row.zh, icd10: row.icd10})`
const createEdges = `UNWIND $rows AS row
MATCH (s:Symptom:Xinglin {id: row.symptom}), (d:Disease:Xinglin {id: row.disease})
CREATE (s)-[:PRESENTS_IN {p: row.p}]->(d)`
const markContent = 'CREATE (:Knowledge:Xinglin {sha256: $sha256})'
const askContent = 'MATCH (k:Knowledge:Xinglin) RETURN k.sha256 AS sha256'
const askScores = `MATCH (d:Disease:Xinglin)<-[:PRESENTS_IN]-(s:Symptom)
WITH d, count(s) AS all, sum(CASE WHEN s.id IN $symptoms THEN 1 ELSE 0 END) AS matched
WHERE matched > 0
RETURN d.id AS disease, toFloat(matched) / all AS score
ORDER BY score DESC, toLower(d.name)`

function* batches<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += batchSize) yield rows.slice(start, start + batchSize)
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new AppError('unavailable', 'Neo4j cannot be asked now', { cause, retryAfterSeconds: 5 })
  }
}

// By content, not by number: another system's database counts its versions from one again.
async function loadGraph(driver: Driver, graph: SymptomEdges): Promise<void> {
  const sha256 = createHash('sha256').update(JSON.stringify(graph)).digest('hex')
  const session = driver.session()
  try {
    const known = await session.run(askContent, {}, { timeout: queryMs })
    if (known.records.length === 1 && known.records[0]?.get('sha256') === sha256) return
    await session.executeWrite(
      async (tx) => {
        await tx.run(removeOwn)
        for (const rows of batches(graph.symptoms)) await tx.run(createSymptoms, { rows })
        for (const rows of batches(graph.diseases)) await tx.run(createDiseases, { rows })
        for (const rows of batches(graph.edges)) await tx.run(createEdges, { rows })
        await tx.run(markContent, { sha256 })
      },
      { timeout: queryMs * 6 },
    )
  } finally {
    await session.close()
  }
}

/** Opens the graph; nothing is asked yet. Everything rejects with AppError 'unavailable' while Neo4j cannot be reached. */
export function openNeo4jGraph({ url, user, password }: Neo4jSettings): OpenSymptomGraph {
  const driver = neo4j.driver(url, neo4j.auth.basic(user, password), {
    connectionTimeout: connectMs,
    maxTransactionRetryTime: queryMs,
    telemetryDisabled: true,
  })
  return {
    load: (graph) => guarded(() => loadGraph(driver, graph)),
    scores: (symptoms) =>
      guarded(async () => {
        const session = driver.session({ defaultAccessMode: neo4j.session.READ })
        try {
          const answer = await session.executeRead((tx) => tx.run(askScores, { symptoms }), { timeout: queryMs })
          return answer.records.map((record) => ({
            disease: String(record.get('disease')),
            score: Number(record.get('score')),
          }))
        } finally {
          await session.close()
        }
      }),
    close: () => driver.close(),
  }
}
