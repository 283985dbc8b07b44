// The worklist's filters as they stand in the address, and the search that they make (pure).
import { searchPath } from '../../api/search.ts'

/** Filters; dates as `YYYY-MM-DD`. */
export interface WorklistFilters {
  readonly text?: string | undefined
  readonly modality?: string | undefined
  readonly state?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** States of a study's link that can be asked for. */
export const linkStates = ['linked', 'unassigned', 'waiting'] as const

/** Modalities that can be asked for (PS3.3 section C.7.3.1.1.1). */
export const modalities = ['CT', 'MR', 'CR', 'DX', 'MG', 'US', 'PT', 'XA', 'SEG', 'SR'] as const

const pageSize = 100
const day = /^\d{4}-\d{2}-\d{2}$/

const compact = (date: string | undefined): string | undefined =>
  date !== undefined && day.test(date) ? date.replaceAll('-', '') : undefined

/** Path and query of a page. */
export function worklistPath(filters: WorklistFilters, offset: number): string {
  const { text, modality, state, from, to } = filters
  return searchPath('/api/v1/imaging/studies', [
    ['text', text?.trim().slice(0, 64)],
    ['modality', modalities.find((one) => one === modality)],
    ['state', linkStates.find((one) => one === state)],
    ['from', compact(from)],
    ['to', compact(to)],
    ['limit', pageSize],
    ['offset', offset === 0 ? undefined : offset],
  ])
}

/** Says whether any filter is set. */
export function isWorklistNarrowed(filters: WorklistFilters): boolean {
  return Object.values(filters).some((value) => value !== undefined && value !== '')
}

/** A DICOM date and time as people read them; undefined when there is none. */
export function dayText(date: string, time = ''): string | undefined {
  const [, year, month, dayOfMonth] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? []
  if (year === undefined) return undefined
  const [, hour, minute] = /^(\d{2})(\d{2})/.exec(time) ?? []
  return hour === undefined ? `${year}-${month}-${dayOfMonth}` : `${year}-${month}-${dayOfMonth} ${hour}:${minute}`
}

/** The language that words of the images are marked with: they stay as they were written. */
export function languageOf(words: string): 'zh-CN' | 'en' {
  return /\p{Script=Han}/u.test(words) ? 'zh-CN' : 'en'
}

/** A DICOM person name as people read it: the ideographic group where there is one, else the alphabetic. */
export function personText(name: string): string | undefined {
  const groups = name.split('=').map((group) => group.trim())
  const ideographic = groups.find((group) => /\p{Script=Han}/u.test(group))
  if (ideographic !== undefined) return ideographic.replaceAll('^', '')
  const [family = '', given = '', middle = ''] = (groups[0] ?? '').split('^')
  const whole = [given, middle, family].filter((part) => part !== '').join(' ')
  return whole === '' ? undefined : whole
}
