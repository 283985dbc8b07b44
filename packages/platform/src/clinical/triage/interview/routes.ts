// HTTP of interviews.
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Audit } from '../../../kernel/ports.ts'
import type {} from '../../../kernel/service.ts'
import { requireTriage } from '../access.ts'
import { Age, MaybeNames, Names, Sex, VitalSigns } from '../schemas.ts'
import type { Asking, Interviews, Running } from './interviews.ts'
import { InterviewPage, InterviewShown } from './schemas.ts'
import { shownInterview } from './view.ts'

const bodyLimit = 65_536
const defaultListed = 20
const base = '/api/v1/triage/interviews'

const Begin = Type.Object({
  symptoms: Names,
  absent: Type.Optional(MaybeNames),
  age: Age,
  sex: Sex,
  pregnant: Type.Optional(Type.Boolean()),
  patient: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9\\-.]{1,64}$' })),
  vitals: Type.Optional(VitalSigns),
})
const AnswerBody = Type.Object({
  finding: Type.String({ minLength: 1, maxLength: 100 }),
  answer: Type.Enum(['yes', 'no', 'unknown']),
})
const FinishBody = Type.Object({ book: Type.Optional(Type.Boolean()) })
const Address = Type.Object({ id: Type.String() })
const ListQuery = Type.Object({
  patient: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9\\-.]{1,64}$' })),
  status: Type.Optional(Type.Enum(['open', 'finishing', 'finished', 'abandoned'])),
  before: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T[0-9:.]{8,12}Z$' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
})

function momentOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const moment = new Date(text)
  if (Number.isNaN(moment.getTime())) throw new AppError('invalid-parameter', 'before is no date and time')
  return moment
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const shown = ({ knowledge, row }: Running) => shownInterview(knowledge, row)

function asking(request: FastifyRequest, verb: 'c' | 'r'): Asking {
  requireTriage(request.caller, verb)
  return { caller: request.caller, traceId: request.traceId }
}

function idOf(request: FastifyRequest): string {
  const { id } = request.params as Static<typeof Address>
  if (!uuid.test(id)) throw new AppError('not-found', 'There is no interview with this id')
  return id
}

function beginning(body: Static<typeof Begin>) {
  const { symptoms, absent = [], age, sex, pregnant, patient, vitals = {} } = body
  const person = { ageYears: age, sex, ...(pregnant === undefined ? {} : { pregnant }) }
  return { symptoms, absent, person, vitals, patient }
}

// Who was not let in stands in the trail too; to others an interview of somebody is as if it were not there.
function recordRefusals(app: FastifyInstance, audit: Audit): void {
  app.addHook('onError', async (request, _reply, error) => {
    if (!(error instanceof AppError) || (error.status !== 403 && error.status !== 404)) return
    const { caller, traceId, method, url } = request
    const what = { action: 'E', interaction: 'triage-interview', outcome: 'refused' } as const
    await audit.record({
      caller,
      traceId,
      ...what,
      status: error.status,
      reason: error.code,
      query: `${method} ${url}`,
    })
  })
}

/** The routes. */
export function interviewRoutes(interviews: Interviews, audit: Audit): FastifyPluginAsync {
  return async (app) => {
    recordRefusals(app, audit)
    app.post<{ Body: Static<typeof Begin> }>(
      base,
      { bodyLimit, schema: { body: Begin, response: { 201: InterviewShown } } },
      async (request, reply) => {
        const running = await interviews.begin(asking(request, 'c'), beginning(request.body))
        reply.code(201).header('location', `${base}/${running.row.id}`)
        return shown(running)
      },
    )
    app.get<{ Querystring: Static<typeof ListQuery> }>(
      base,
      { schema: { querystring: ListQuery, response: { 200: InterviewPage } } },
      async (request) => {
        const { patient, status, before, limit = defaultListed } = request.query
        const found = await interviews.list(asking(request, 'r'), { patient, status, before: momentOf(before), limit })
        const last = found.at(-1)?.row.createdAt.toISOString()
        return { interviews: found.map(shown), next: found.length < limit ? null : last }
      },
    )
    const response = { 200: InterviewShown }
    const one = { schema: { params: Address, response } }
    app.get(`${base}/:id`, one, async (request) => shown(await interviews.read(asking(request, 'r'), idOf(request))))
    app.delete(`${base}/:id`, one, async (request) =>
      shown(await interviews.abandon(asking(request, 'c'), idOf(request))),
    )
    app.post<{ Body: Static<typeof AnswerBody> }>(
      `${base}/:id/answers`,
      { bodyLimit, schema: { params: Address, body: AnswerBody, response } },
      async (request) => {
        const { finding, answer } = request.body
        return shown(await interviews.answer(asking(request, 'c'), idOf(request), { finding, reply: answer }))
      },
    )
    app.post(`${base}/:id/back`, one, async (request) =>
      shown(await interviews.back(asking(request, 'c'), idOf(request))),
    )
    app.post<{ Body: Static<typeof FinishBody> }>(
      `${base}/:id/finish`,
      { bodyLimit, schema: { params: Address, body: FinishBody, response } },
      async (request) => shown(await interviews.finish(asking(request, 'c'), idOf(request), request.body.book)),
    )
  }
}
