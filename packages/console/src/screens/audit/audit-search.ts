// From the filters in the address to a search of the audit trail (pure).
import { searchPath } from '../../api/search.ts'

/** The filters as they stand in the address. */
export interface AuditFilters {
  readonly patient?: string | undefined
  readonly agent?: string | undefined
  readonly action?: string | undefined
  readonly outcome?: string | undefined
  readonly purpose?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Id of the event that is opened. */
  readonly event?: string | undefined
}

/** Actions to choose from: FHIR audit-event-action codes. */
export const actions = ['C', 'R', 'U', 'D', 'E'] as const
/** Outcomes to choose from. */
export const outcomes = ['success', 'refused', 'failed'] as const

/** Purposes to choose from: v3-ActReason codes other than treatment. */
export const purposes = ['BTG', 'HOPERAT', 'HSYSADMIN'] as const

const pageSize = 100
const day = /^\d{4}-\d{2}-\d{2}$/

const known = <Word extends string>(words: readonly Word[], text: string | undefined): Word | undefined =>
  words.find((word) => word === text)

// The reader's days: an end day counts whole, so the search ends before the next one begins.
function moment(text: string | undefined, addDays: number): string | undefined {
  if (text === undefined || !day.test(text)) return undefined
  const start = new Date(`${text}T00:00:00`)
  if (Number.isNaN(start.getTime())) return undefined
  start.setDate(start.getDate() + addDays)
  return start.toISOString()
}

/** Path and query of the first page. */
export function auditPath(filters: AuditFilters): string {
  const from = moment(filters.from, 0)
  const before = moment(filters.to, 1)
  return searchPath('/audit/events', [
    ['patient', filters.patient?.trim()],
    ['agent', filters.agent?.trim()],
    ['action', known(actions, filters.action)],
    ['outcome', known(outcomes, filters.outcome)],
    ['purpose', known(purposes, filters.purpose)],
    ['date', from === undefined ? undefined : `ge${from}`],
    ['date', before === undefined ? undefined : `lt${before}`],
    ['_count', pageSize],
  ])
}

/** Says whether anything narrows the list. */
export function isAuditNarrowed({ event: _, ...filters }: AuditFilters): boolean {
  return auditPath(filters) !== auditPath({})
}
