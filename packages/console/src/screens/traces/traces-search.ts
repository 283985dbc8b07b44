// From the filters in the address to a list of traces (pure).
import { searchPath } from '../../api/search.ts'

/** The filters as they stand in the address. */
export interface TraceFilters {
  readonly service?: string | undefined
  readonly name?: string | undefined
  /** Shortest duration in milliseconds. */
  readonly slow?: string | undefined
  readonly failed?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** Durations to choose from, in milliseconds. */
export const slownesses = ['10', '100', '1000'] as const

const pageSize = 50
const day = /^\d{4}-\d{2}-\d{2}$/

// The reader's days: an end day counts whole, so the list ends before the next one begins.
function moment(text: string | undefined, addDays: number): string | undefined {
  if (text === undefined || !day.test(text)) return undefined
  const start = new Date(`${text}T00:00:00`)
  if (Number.isNaN(start.getTime())) return undefined
  start.setDate(start.getDate() + addDays)
  return start.toISOString()
}

/** Path and query of a page; `cursor` is what the page before gave. */
export function tracesPath(filters: TraceFilters, cursor?: string): string {
  return searchPath('/telemetry/traces', [
    ['service', filters.service?.trim()],
    ['name', filters.name?.trim()],
    ['minMs', slownesses.find((one) => one === filters.slow)],
    ['failed', filters.failed === 'true' ? 'true' : undefined],
    ['from', moment(filters.from, 0)],
    ['to', moment(filters.to, 1)],
    ['limit', pageSize],
    ['cursor', cursor],
  ])
}

/** Says whether anything narrows the list. */
export function isNarrowed(filters: TraceFilters): boolean {
  return tracesPath(filters) !== tracesPath({})
}
