// What studies, series and instances can be searched by (PS3.18 table 10.6.1-5), and where the index keeps it.

/** A level of the hierarchy. */
export type Level = 'study' | 'series' | 'instance'

/** How a key matches. */
export type Matching = 'text' | 'name' | 'date' | 'time' | 'uids' | 'integer' | 'any-text'

/** A key that can be searched by. */
export interface SearchKey {
  readonly level: Level
  readonly column: string
  readonly matching: Matching
}

/** Keys by tag; those inside a sequence by both tags, separated by a dot. */
export const searchKeys: ReadonlyMap<string, SearchKey> = new Map([
  ['00080020', { level: 'study', column: 't.study_date', matching: 'date' }],
  ['00080030', { level: 'study', column: 't.study_time', matching: 'time' }],
  ['00080050', { level: 'study', column: 't.accession', matching: 'text' }],
  ['00080061', { level: 'study', column: 't.modalities', matching: 'any-text' }],
  ['00080090', { level: 'study', column: 't.referring', matching: 'name' }],
  ['00081030', { level: 'study', column: 't.description', matching: 'text' }],
  ['00100010', { level: 'study', column: 't.patient_name', matching: 'name' }],
  ['00100020', { level: 'study', column: 't.patient_id', matching: 'text' }],
  ['00100030', { level: 'study', column: 't.birth_date', matching: 'date' }],
  ['00100040', { level: 'study', column: 't.sex', matching: 'text' }],
  ['0020000D', { level: 'study', column: 't.study_uid', matching: 'uids' }],
  ['00200010', { level: 'study', column: 't.study_id', matching: 'text' }],
  ['00080060', { level: 'series', column: 's.modality', matching: 'text' }],
  ['0008103E', { level: 'series', column: 's.description', matching: 'text' }],
  ['00180015', { level: 'series', column: 's.body_part', matching: 'text' }],
  ['0020000E', { level: 'series', column: 's.series_uid', matching: 'uids' }],
  ['00200011', { level: 'series', column: 's.number', matching: 'integer' }],
  ['00400244', { level: 'series', column: 's.performed_date', matching: 'date' }],
  ['00400245', { level: 'series', column: 's.performed_time', matching: 'time' }],
  ['00400275.00400009', { level: 'series', column: 's.step_ids', matching: 'any-text' }],
  ['00400275.00401001', { level: 'series', column: 's.request_ids', matching: 'any-text' }],
  ['00080016', { level: 'instance', column: 'i.sop_class', matching: 'uids' }],
  ['00080018', { level: 'instance', column: 'i.sop_uid', matching: 'uids' }],
  ['00200013', { level: 'instance', column: 'i.number', matching: 'integer' }],
])

const order: readonly Level[] = ['study', 'series', 'instance']

/** Says whether a key of one level can be searched by when another is asked for. */
export function isSearchable({ level }: SearchKey, asked: Level): boolean {
  return order.indexOf(level) <= order.indexOf(asked)
}
