// The triage service: from symptoms to a department, with urgency, an interview, and why.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { createInterviews } from './interview/interviews.ts'
import { interviewRoutes } from './interview/routes.ts'
import { createKnowledge } from './knowledge/knowledge.ts'
import { triageRoutes } from './triage-routes.ts'

export { editedMedicines, knowledgeChannel } from './knowledge/store.ts'

const settings = {} as const

/** Triage as the composition root sees it. */
export const triage = {
  name: 'triage',
  purpose: 'Asks about symptoms, says how urgent they are and which department sees them, and why',
  paths: ['/triage', '/api/v1/triage'],
  settings,
  sql: { schema: 'triage', folder: new URL('./sql/', import.meta.url) },
  create: async (ports: Ports, _settings: Settings<typeof settings>): Promise<RunningService> => {
    const { sql, log, audit, call, clock, ids } = ports
    const knowledge = createKnowledge({ sql, log })
    const interviews = createInterviews({ sql, audit, call, clock, ids, knowledge })
    return {
      routes: async (app) => {
        await app.register(triageRoutes({ knowledge }))
        await app.register(interviewRoutes(interviews))
      },
      start: () => knowledge.start(),
      ready: async () => {
        await knowledge.active()
        return []
      },
      close: () => knowledge.close(),
    }
  },
} as const satisfies Service<typeof settings>
