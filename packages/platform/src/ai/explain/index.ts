// The explain service: why a served model predicts what it does, and a patient's in-hospital risk with its reasons.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { createExplainer } from './explainer.ts'
import { createRunner } from './jobs/runner.ts'
import { riskRoutes } from './risk/routes.ts'
import { explainRoutes } from './routes.ts'
import { explainSettings } from './settings.ts'

async function createExplain(ports: Ports, settings: Settings<typeof explainSettings>): Promise<RunningService> {
  const { sql, audit, ids, call, clock, models } = ports
  const log = ports.log.child({ service: 'explain' })
  const explainer = createExplainer({ models, settings })
  const runner = createRunner({
    ...{ sql, log, holder: ids.uuid(), keepDays: settings.keepJobsDays },
    work: (work) => explainer.work(work),
  })
  return {
    routes: async (app) => {
      await app.register(explainRoutes({ sql, audit, ids, explainer, runner, settings }))
      await app.register(riskRoutes({ audit, call, clock, models, explainer, settings }))
    },
    start: async () => runner.start(),
    close: () => runner.close(),
  }
}

/** The explain service as the composition root sees it. */
export const explain = {
  name: 'explain',
  purpose: 'Explains predictions of served models, and estimates a patient’s in-hospital risk with its reasons',
  paths: ['/explain', '/api/v1/explain'],
  settings: explainSettings,
  sql: { schema: 'explain', folder: new URL('./sql/', import.meta.url) },
  create: createExplain,
} as const satisfies Service<typeof explainSettings>
