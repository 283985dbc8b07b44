// HTTP of readings: asked for, followed, cancelled, decided about and signed.
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Ids } from '../../../kernel/ports.ts'
import type { ImagingAccess } from '../access.ts'
import type { Answer, Guard, Work } from '../guarded.ts'
import { readStudy } from '../linking/study-store.ts'
import { nodulesModel, type Reading } from './reading.ts'
import { masksAnswer, readingAnswer, wholeReadingAnswer } from './reading-answer.ts'
import { addReading, cancelReading, listReadings, nodulesOf, readReading, requeueReading } from './reading-store.ts'
import * as schemas from './schemas.ts'
import { openSeries } from './series-volume.ts'
import { type Act, decide, demandRadiologist, type SigningPorts, sign } from './sign.ts'
import { reportedStudy } from './study-of.ts'

/** What the routes need. */
export interface ReadingRouteOptions {
  readonly ports: SigningPorts & { readonly ids: Ids }
  readonly guard: Guard
  /** Tells the reader that there is work. */
  readonly wake: () => void
}

const base = '/api/v1/imaging/readings'
const defaultCount = 50
const bodyLimit = 65_536

const missing = (): AppError => new AppError('not-found', 'There is no such reading')

function about(reading: Reading): Pick<Answer, 'entities' | 'patients'> {
  return {
    entities: [`ImagingStudy/${reading.studyUid}`],
    patients: reading.patient === null ? [] : [reading.patient],
  }
}

async function find({ ports }: ReadingRouteOptions, request: FastifyRequest, access: ImagingAccess): Promise<Reading> {
  const { id } = request.params as Static<typeof schemas.ReadingAddress>
  const reading = await readReading(ports.sql, id)
  if (reading === undefined) throw missing()
  // Readings are as visible as their study.
  if ((await readStudy(ports.sql, reading.studyUid, access)) === undefined) throw missing()
  return reading
}

function seenVersion(request: FastifyRequest): number | undefined {
  const text = request.headers['if-match']
  if (text === undefined) return undefined
  const [, digits] = /^(?:W\/)?"(\d{1,15})"$/.exec(text) ?? []
  if (digits === undefined)
    throw new AppError('invalid-parameter', 'If-Match must be the version of the reading, e.g. "3"')
  return Number(digits)
}

function actOf(request: FastifyRequest): Act {
  demandRadiologist(request.caller)
  const { id } = request.params as Static<typeof schemas.ReadingAddress>
  return { id, caller: request.caller, traceId: request.traceId, version: seenVersion(request) }
}

function addRequests(app: FastifyInstance, options: ReadingRouteOptions): void {
  const { ports, guard, wake } = options
  const { sql, clock, ids } = ports
  const ask: Work = async (request, reply, access) => {
    const { study, series } = request.body as Static<typeof schemas.ReadingRequest>
    if ((await readStudy(sql, study, access)) === undefined)
      throw new AppError('not-found', 'No such study is stored here')
    const { patient } = await openSeries(sql, study, series)
    const { reading, isNew } = await addReading(sql, {
      ...{ id: ids.uuid(), studyUid: study, seriesUid: series, model: nodulesModel },
      ...{ requestedBy: request.caller.name, created: clock.now() },
    })
    wake()
    reply.header('location', `${base}/${reading.id}`)
    const patients = patient === undefined ? [] : [patient]
    return { body: readingAnswer(reading), status: isNew ? 202 : 200, ...about(reading), patients }
  }
  const list: Work = async (request, _reply, access) => {
    const { _count: count = defaultCount, ...asked } = request.query as Static<typeof schemas.ReadingQuery>
    if (access.patient !== undefined)
      throw new AppError('forbidden', 'Drafts are for the staff; reports are in the records')
    const found = await listReadings(sql, { ...asked, count: count + 1, withheld: access.withheld })
    const page = found.slice(0, count)
    const last = page.at(-1)
    const next = found.length > count && last !== undefined ? { nextBefore: last.id } : {}
    const patients = [...new Set(page.flatMap(({ patient }) => patient ?? []))].slice(0, 100)
    return { body: { readings: page.map(readingAnswer), ...next }, patients }
  }
  const create = { use: 'create', action: 'E', interaction: 'reading-request' } as const
  app.post(base, { bodyLimit, schema: { body: schemas.ReadingRequest } }, guard(create, ask))
  const search = { use: 'read', action: 'E', interaction: 'search-type' } as const
  app.get(base, { schema: { querystring: schemas.ReadingQuery } }, guard(search, list))
}

function addReads(app: FastifyInstance, options: ReadingRouteOptions): void {
  const { ports, guard } = options
  const staffOnly = (access: ImagingAccess, reading: Reading): void => {
    if (access.patient !== undefined && reading.state !== 'signed') throw missing()
  }
  const read: Work = async (request, reply, access) => {
    const reading = await find(options, request, access)
    staffOnly(access, reading)
    reply.header('etag', `"${reading.version}"`)
    return { body: wholeReadingAnswer(reading, await nodulesOf(ports.sql, reading.id)), ...about(reading) }
  }
  const masks: Work = async (request, _reply, access) => {
    const reading = await find(options, request, access)
    staffOnly(access, reading)
    return { body: masksAnswer(reading, await nodulesOf(ports.sql, reading.id)), ...about(reading) }
  }
  const use = { use: 'read', action: 'R', interaction: 'reading-read' } as const
  const schema = { params: schemas.ReadingAddress, querystring: schemas.NoQuery }
  app.get(`${base}/:id`, { schema }, guard(use, read))
  app.get(`${base}/:id/masks`, { schema }, guard(use, masks))
}

function addStops(app: FastifyInstance, options: ReadingRouteOptions): void {
  const { ports, guard, wake } = options
  const cancel: Work = async (request, _reply, access) => {
    const reading = await find(options, request, access)
    if (!['queued', 'running', 'ready'].includes(reading.state)) {
      throw new AppError('conflict', `The reading is ${reading.state}: there is nothing to cancel`)
    }
    await ports.sql.transaction((tx) => cancelReading(tx, reading.id))
    const now = await readReading(ports.sql, reading.id)
    return { body: readingAnswer(now ?? reading), status: 202, ...about(reading) }
  }
  const retry: Work = async (request, _reply, access) => {
    const reading = await find(options, request, access)
    if (!['failed', 'cancelled'].includes(reading.state)) {
      throw new AppError(
        'conflict',
        `The reading is ${reading.state}: only one that failed or was cancelled is tried again`,
      )
    }
    await ports.sql.transaction((tx) => requeueReading(tx, reading.id))
    wake()
    const now = await readReading(ports.sql, reading.id)
    return { body: readingAnswer(now ?? reading), status: 202, ...about(reading) }
  }
  const schema = { params: schemas.ReadingAddress, querystring: schemas.NoQuery }
  const use = { use: 'create', action: 'U' } as const
  app.post(`${base}/:id/cancel`, { bodyLimit, schema }, guard({ ...use, interaction: 'reading-cancel' }, cancel))
  app.post(`${base}/:id/retry`, { bodyLimit, schema }, guard({ ...use, interaction: 'reading-retry' }, retry))
}

function addDecisions(app: FastifyInstance, options: ReadingRouteOptions): void {
  const { ports, guard } = options
  const decideOne: Work = async (request, reply, access) => {
    const act = actOf(request)
    await find(options, request, access)
    const { number } = request.params as Static<typeof schemas.NoduleAddress>
    const { decision } = request.body as Static<typeof schemas.DecisionBody>
    const { reading, nodules } = await decide(ports, act, { number, decision })
    reply.header('etag', `"${reading.version}"`)
    return { body: wholeReadingAnswer(reading, nodules), isRecorded: true }
  }
  const signOne: Work = async (request, reply, access) => {
    const act = actOf(request)
    const { studyUid, created } = await find(options, request, access)
    const { conclusion, version = act.version } = (request.body ?? {}) as Static<typeof schemas.SignatureBody>
    const study = await reportedStudy(ports.sql, { studyUid, created })
    const { reading, nodules } = await sign(ports, { ...act, version }, { study, conclusion })
    reply.header('etag', `"${reading.version}"`)
    return { body: wholeReadingAnswer(reading, nodules), isRecorded: true }
  }
  const use = { use: 'create', action: 'U' } as const
  app.put(
    `${base}/:id/nodules/:number`,
    { bodyLimit, schema: { params: schemas.NoduleAddress, body: schemas.DecisionBody } },
    guard({ ...use, interaction: 'reading-decide' }, decideOne),
  )
  app.post(
    `${base}/:id/sign`,
    { bodyLimit, schema: { params: schemas.ReadingAddress, body: schemas.SignatureBody } },
    guard({ ...use, interaction: 'reading-sign' }, signOne),
  )
}

/** Adds the routes under `/api/v1/imaging/readings`. */
export function addReadingRoutes(app: FastifyInstance, options: ReadingRouteOptions): void {
  addRequests(app, options)
  addReads(app, options)
  addStops(app, options)
  addDecisions(app, options)
}
