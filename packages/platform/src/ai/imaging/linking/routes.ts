// HTTP of the worklist: studies with the state of their link, and linking by hand.
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { CallService, Events } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { everyStudy } from '../access.ts'
import type { Guard } from '../guarded.ts'
import { linkAndAnnounce } from './announcer.ts'
import { listSeries, listStudies, readStudy } from './study-store.ts'

/** What the routes need. */
export interface StudyRouteOptions {
  readonly sql: Sql
  readonly events: Events
  readonly guard: Guard
  readonly call: CallService
}

const base = '/api/v1/imaging/studies'
const defaultLimit = 100
const Day = Type.String({ pattern: '^\\d{8}$' })
const ListQuery = Type.Object({
  state: Type.Optional(Type.Enum(['waiting', 'linked', 'unassigned'])),
  modality: Type.Optional(Type.String({ pattern: '^[A-Z0-9_ ]{1,16}$' })),
  from: Type.Optional(Day),
  to: Type.Optional(Day),
  text: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
})
const Address = Type.Object({ study: Type.String({ pattern: '^[0-9.]{1,64}$' }) })
const LinkBody = Type.Object({ patient: Type.String({ pattern: '^[A-Za-z0-9.-]{1,64}$' }) })

const missing = (): AppError => new AppError('not-found', 'No such study is stored here')

/** Adds the routes. */
export function addStudyRoutes(app: FastifyInstance, { sql, events, guard, call }: StudyRouteOptions): void {
  const list = guard({ use: 'read', action: 'E', interaction: 'search-type' }, async (request, _reply, access) => {
    const { limit = defaultLimit, offset = 0, ...filter } = request.query as Static<typeof ListQuery>
    const found = await listStudies(sql, { ...filter, limit: limit + 1, offset }, access)
    const studies = found.slice(0, limit)
    const patients = [...new Set(studies.flatMap(({ patient }) => patient ?? []))].slice(0, 100)
    return { body: { studies, ...(found.length > limit ? { nextOffset: offset + limit } : {}) }, patients }
  })
  const read = guard({ use: 'read', action: 'R', interaction: 'read' }, async (request, _reply, access) => {
    const { study: uid } = request.params as Static<typeof Address>
    const study = await readStudy(sql, uid, access)
    if (study === undefined) throw missing()
    const patients = study.patient === null ? [] : [study.patient]
    return { body: { ...study, seriesList: await listSeries(sql, uid) }, entities: [`ImagingStudy/${uid}`], patients }
  })
  const link = guard({ use: 'create', action: 'U', interaction: 'link-patient' }, async (request, _reply, access) => {
    const { study: uid } = request.params as Static<typeof Address>
    const { patient } = request.body as Static<typeof LinkBody>
    if ((await readStudy(sql, uid, access)) === undefined) throw missing()
    const answer = await call('patient')(`/fhir/Patient/${patient}`, { caller: request.caller })
    if (!answer.ok) throw new AppError('unprocessable', `There is no patient ${patient} whom you may see`)
    await sql.transaction((tx) => linkAndAnnounce(tx, uid, { patient, reason: null }, events))
    return { body: await readStudy(sql, uid, access), entities: [`ImagingStudy/${uid}`], patients: [patient] }
  })
  const unlink = guard(
    { use: 'create', action: 'U', interaction: 'unlink-patient' },
    async (request, _reply, access) => {
      const { study: uid } = request.params as Static<typeof Address>
      const before = await readStudy(sql, uid, access)
      if (before === undefined) throw missing()
      await sql.transaction((tx) => linkAndAnnounce(tx, uid, { patient: null, reason: 'by-hand' }, events))
      const patients = before.patient === null ? [] : [before.patient]
      return {
        body: await readStudy(sql, uid, everyStudy),
        entities: [`ImagingStudy/${uid}`],
        patients,
      }
    },
  )
  app.get(base, { schema: { querystring: ListQuery } }, list)
  app.get(`${base}/:study`, { schema: { params: Address } }, read)
  app.put(`${base}/:study/patient`, { schema: { params: Address, body: LinkBody }, bodyLimit: 1024 }, link)
  app.delete(`${base}/:study/patient`, { schema: { params: Address } }, unlink)
}
