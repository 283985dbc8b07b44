// The graph of triage in Neo4j, where a setting says so; the driver is loaded only then.
import type { TriageExtra } from '../clinical/triage/index.ts'

/** What triage is given besides its ports. */
export async function symptomGraphOf(settings: {
  readonly neo4jUrl: string | undefined
  readonly neo4jUser: string
  readonly neo4jPassword: string | undefined
}): Promise<Pick<TriageExtra, 'graph'>> {
  const { neo4jUrl: url, neo4jUser: user, neo4jPassword: password = '' } = settings
  if (url === undefined) return {}
  const { openNeo4jGraph } = await import('../engines/neo4j/index.ts')
  return { graph: openNeo4jGraph({ url, user, password }) }
}
