// The triage service: from symptoms to a department, with urgency, an interview, and why.
import type { Caller } from '../../kernel/caller.ts'
import type { SettingSpecs, Settings } from '../../kernel/config.ts'
import type { Ports, SymptomGraph } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { createInterviews } from './interview/interviews.ts'
import { interviewRoutes } from './interview/routes.ts'
import { createKnowledge } from './knowledge/knowledge.ts'
import { knowledgeRoutes } from './knowledge/routes.ts'
import { triageRoutes } from './triage-routes.ts'

export { editedMedicines, knowledgeChannel } from './knowledge/store.ts'

const settings = {
  neo4jUrl: {
    env: 'NEO4J_URL',
    kind: 'text',
    about: 'Neo4j that also holds the graph and computes the article’s score, e.g. neo4j://127.0.0.1:7687',
  },
  neo4jUser: { env: 'NEO4J_USER', kind: 'text', fallback: 'neo4j', about: 'User of that Neo4j' },
  neo4jPassword: { env: 'NEO4J_PASSWORD', kind: 'text', secret: true, about: 'Password of that Neo4j' },
} as const satisfies SettingSpecs

/** What only triage is given. */
export interface TriageExtra {
  /** The graph in Neo4j, where `NEO4J_URL` says so. */
  readonly graph?: SymptomGraph & { close(): Promise<void> }
  /** Ids of the patients who withhold what they answered from a caller. */
  readonly withheldFrom: (caller: Caller) => Promise<readonly string[]>
}

/** Triage as the composition root sees it. */
export const triage = {
  name: 'triage',
  purpose: 'Asks about symptoms, says how urgent they are and which department sees them, and why',
  paths: ['/triage', '/api/v1/triage'],
  settings,
  sql: { schema: 'triage', folder: new URL('./sql/', import.meta.url) },
  create: async (
    ports: Ports,
    _settings: Settings<typeof settings>,
    { graph, withheldFrom }: TriageExtra,
  ): Promise<RunningService> => {
    const { sql, log, audit, call, clock, ids } = ports
    const knowledge = createKnowledge({ sql, log, ...(graph === undefined ? {} : { graph }) })
    const interviews = createInterviews({ sql, audit, call, clock, ids, knowledge, withheldFrom })
    return {
      routes: async (app) => {
        await app.register(triageRoutes({ knowledge, log, ...(graph === undefined ? {} : { graph }) }))
        await app.register(interviewRoutes(interviews, audit))
        await app.register(knowledgeRoutes({ sql, audit, knowledge }))
      },
      start: () => knowledge.start(),
      ready: async () => {
        await knowledge.active()
        return []
      },
      close: async () => {
        await knowledge.close()
        await graph?.close()
      },
    }
  },
} as const satisfies Service<typeof settings, TriageExtra>
