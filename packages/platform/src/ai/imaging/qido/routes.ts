// HTTP of QIDO-RS (PS3.18 section 10.6).
import type { FastifyInstance } from 'fastify'
import type { Sql } from '../../../kernel/sql.ts'
import type { Guard } from '../guarded.ts'
import { chooseType, parseAccept } from '../wado/accept.ts'
import { addressParameters, type ImageParameters } from '../wado/parameters.ts'
import type { Level } from './keys.ts'
import { type Parameters, parseQuery } from './query.ts'
import { search } from './search.ts'

/** What the routes need. */
export interface QueryRouteOptions {
  readonly sql: Sql
  readonly guard: Guard
  /** Absolute base of /dicom-web as clients see it. */
  readonly baseUrl: string
}

const addresses: readonly (readonly [path: string, level: Level])[] = [
  ['/dicom-web/studies', 'study'],
  ['/dicom-web/series', 'series'],
  ['/dicom-web/instances', 'instance'],
  ['/dicom-web/studies/:study/series', 'series'],
  ['/dicom-web/studies/:study/instances', 'instance'],
  ['/dicom-web/studies/:study/series/:series/instances', 'instance'],
]

const warning = (text: string): string => `299 xinglin "${text}"`

/** Adds the routes. */
export function addQueryRoutes(app: FastifyInstance, { sql, guard, baseUrl }: QueryRouteOptions): void {
  for (const [path, level] of addresses) {
    const handler = guard({ use: 'read', action: 'E', interaction: 'search-type' }, async (request, reply, access) => {
      const { accept, ...parameters } = request.query as Parameters
      const types = parseAccept(request.headers.accept, typeof accept === 'string' ? accept : undefined)
      const type = chooseType(types, ['application/dicom+json', 'application/json'])
      const query = parseQuery(level, parameters)
      const { study, series } = request.params as Partial<ImageParameters>
      const { body, isTruncated, patients } = await search(sql, query, {
        ...{ access, baseUrl },
        ...(study === undefined ? {} : { studyUid: study }),
        ...(series === undefined ? {} : { seriesUid: series }),
      })
      const more = isTruncated ? ['There are additional results that can be requested'] : []
      const warnings = [...query.warnings, ...more].map(warning)
      if (warnings.length > 0) reply.header('warning', warnings.join(', '))
      reply.type(type)
      return { body, status: body === undefined ? 204 : 200, patients }
    })
    app.get(path, { schema: addressParameters }, handler)
  }
}
