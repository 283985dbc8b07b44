// The routes under /api/v1/private.
import type { FastifyPluginAsync } from 'fastify'
import type { PrivacyParts } from '../parts.ts'
import { contextRoutes } from './context-routes.ts'
import { jobRoutes } from './job-routes.ts'
import { vectorRoutes } from './vector-routes.ts'

/** All routes; `wake` is called when there is a new job. */
export function privacyRoutes(parts: PrivacyParts, wake: () => void): FastifyPluginAsync {
  return async (app) => {
    // Bodies are taken whole: each route has its limit, and the check needs all of it.
    app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    )
    await app.register(contextRoutes(parts))
    await app.register(vectorRoutes(parts))
    await app.register(jobRoutes(parts, wake))
  }
}
