// The search for events: parameters to keys, a page of AuditEvents, and the link to the next page.
import { AppError } from '@xinglin/core/errors'
import type { Bundle, BundleEntry } from '@xinglin/core/fhir'
import type { Queryable } from '../../../kernel/sql.ts'
import { keyOf } from '../trail/payload.ts'
import { auditEventOf, isAskedFor, type StoredEvent } from './audit-event.ts'
import { intersect, parseDateRange } from './date-range.ts'
import { type EventPlace, findEvents, placeOf } from './event-store.ts'

/** The parameters of a search, checked by the route's schema. */
export interface EventSearch {
  readonly patient?: string
  readonly agent?: string
  readonly action?: string
  readonly outcome?: string
  readonly interaction?: string
  readonly entity?: string
  /** PurposeOfUse code other than TREAT, e.g. BTG. */
  readonly purpose?: string
  readonly date?: readonly string[]
  readonly _count?: number
  /** Id of the last event of the page before. */
  readonly _before?: number
}

const defaultCount = 50
// FHIR's codes for an outcome, beside our words.
const outcomeWords: Readonly<Record<string, string>> = { '0': 'success', '4': 'refused', '8': 'failed' }

const withoutType = (id: string): string => id.replace(/^Patient\//, '')

function keysFor({ patient, agent, action, outcome, interaction, entity, purpose }: EventSearch): readonly number[] {
  return [
    ...(patient === undefined ? [] : [keyOf('patient', withoutType(patient))]),
    ...(agent === undefined ? [] : [keyOf('agent', agent)]),
    ...(action === undefined ? [] : [keyOf('action', action)]),
    ...(outcome === undefined ? [] : [keyOf('outcome', outcomeWords[outcome] ?? outcome)]),
    ...(interaction === undefined ? [] : [keyOf('interaction', interaction)]),
    ...(entity === undefined ? [] : [keyOf('entity', entity)]),
    ...(purpose === undefined ? [] : [keyOf('purpose', purpose)]),
  ]
}

function linkOf(search: EventSearch, beforeId?: number): string {
  const { date = [], _before, ...rest } = search
  const pairs: [string, string][] = [
    ...Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]),
    ...date.map((value): [string, string] => ['date', value]),
    ...(beforeId === undefined ? [] : [['_before', String(beforeId)] satisfies [string, string]]),
  ]
  const query = new URLSearchParams(pairs).toString()
  return query === '' ? '/audit/events' : `/audit/events?${query}`
}

function entryOf(event: StoredEvent): BundleEntry {
  return {
    fullUrl: `urn:xinglin:audit:event:${event.id}`,
    resource: auditEventOf(event),
    search: { mode: 'match' },
  }
}

async function placeBefore(sql: Queryable, id: number): Promise<EventPlace> {
  const place = await placeOf(sql, id)
  if (place !== undefined) return place
  throw new AppError('invalid-parameter', 'The parameter _before is not of a next link; start again at the first page')
}

/** A page of events, newest first; `next` leads to older ones. */
export async function searchEvents(sql: Queryable, search: EventSearch): Promise<Bundle> {
  const count = search._count ?? defaultCount
  const { patient, agent, entity } = search
  const filter = {
    keys: keysFor(search),
    ...intersect((search.date ?? []).map(parseDateRange)),
    ...(search._before === undefined ? {} : { before: await placeBefore(sql, search._before) }),
  }
  const found = await findEvents(sql, filter, count + 1)
  const page = found.slice(0, count)
  const last = page.at(-1)
  const wanted = {
    ...(patient === undefined ? {} : { patient: withoutType(patient) }),
    ...(agent === undefined ? {} : { agent }),
    ...(entity === undefined ? {} : { entity }),
  }
  const shown = page.filter((event) => isAskedFor(event.payload, wanted))
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    link: [
      { relation: 'self', url: linkOf(search, search._before) },
      ...(found.length > count && last !== undefined ? [{ relation: 'next', url: linkOf(search, last.id) }] : []),
    ],
    ...(shown.length === 0 ? {} : { entry: shown.map(entryOf) }), // FHIR knows no empty lists
  }
}
