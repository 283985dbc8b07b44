// HTTP of broken glasses, beside the patients that they are about.
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { requestContext } from '../routes/request-context.ts'
import { accessState, breakGlass, type GlassParts, listGlasses, mendGlass } from './break-glass.ts'

/** What the routes need. */
export interface GlassRouteOptions extends GlassParts {
  /** Absolute FHIR base as clients see it. */
  readonly baseUrl: string
}

const Address = Type.Object({ id: Type.String({ pattern: '^[A-Za-z0-9.-]{1,64}$' }) })
const Reason = Type.Object(
  // More than a word; no line breaks, so that it stays one line of the trail.
  {
    reason: Type.String({
      minLength: 5,
      maxLength: 300,
      pattern: '^[^\\u0000-\\u001f\\u007f]*\\S[^\\u0000-\\u001f\\u007f]*$',
    }),
  },
  { additionalProperties: false },
)
const Instant = Type.Unsafe<Date>(Type.String())
const Glass = Type.Object({
  id: Type.String(),
  subject: Type.String(),
  name: Type.String(),
  patient: Type.String(),
  reason: Type.String(),
  begins: Instant,
  ends: Instant,
})
const State = Type.Object({
  patient: Type.String(),
  isWithheld: Type.Boolean(),
  mayBreakGlass: Type.Boolean(),
  openUntil: Type.Optional(Instant),
})

const bodyBytes = 4096

/** `…/{id}/access` tells and `…/{id}/break-glass` breaks, mends and lists. */
export function breakGlassRoutes(options: GlassRouteOptions): FastifyPluginAsync {
  const context = requestContext(options.baseUrl)
  const config = { errors: 'problem', whenInvalid: 'unprocessable' } as const
  return async (app) => {
    const address = '/api/v1/patients/:id'
    app.get<{ Params: { id: string } }>(
      `${address}/access`,
      { config, schema: { params: Address, response: { 200: State } } },
      (request) => accessState(options, context(request), request.params.id),
    )
    app.post<{ Params: { id: string }; Body: { reason: string } }>(
      `${address}/break-glass`,
      { config, bodyLimit: bodyBytes, schema: { params: Address, body: Reason, response: { 201: Glass } } },
      async (request, reply) => {
        const wish = { patient: request.params.id, reason: request.body.reason.trim() }
        const broken = await breakGlass(options, context(request), wish)
        reply.code(201)
        return broken
      },
    )
    app.delete<{ Params: { id: string } }>(
      `${address}/break-glass`,
      { config, schema: { params: Address } },
      async (request, reply) => {
        await mendGlass(options, context(request), request.params.id)
        return reply.code(204).send()
      },
    )
    app.get<{ Params: { id: string } }>(
      `${address}/break-glass`,
      { config, schema: { params: Address, response: { 200: Type.Object({ glasses: Type.Array(Glass) }) } } },
      async (request) => ({ glasses: await listGlasses(options, context(request), request.params.id) }),
    )
  }
}
