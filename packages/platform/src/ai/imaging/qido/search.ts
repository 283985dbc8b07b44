// Runs a query and writes its answer: stored JSON members, put together in the order of their tags.
import { type DicomJson, dicomJsonText } from '@xinglin/core/dicom'
import type { Sql } from '../../../kernel/sql.ts'
import type { ImagingAccess } from '../access.ts'
import { baseMark, memberMark } from '../catalogue/entry.ts'
import { notWithheld } from '../store/withheld-sql.ts'
import { conditionOf } from './conditions.ts'
import type { Level } from './keys.ts'
import type { Query } from './query.ts'

/** Where and for whom a query runs. */
export interface SearchScope {
  readonly access: ImagingAccess
  readonly studyUid?: string
  readonly seriesUid?: string
  /** Absolute, without a slash at its end. */
  readonly baseUrl: string
}

/** An answer. */
export interface SearchAnswer {
  /** A JSON array; undefined when nothing matches. */
  readonly body: string | undefined
  readonly isTruncated: boolean
  /** Ids of the patients whose studies were found, 100 at most. */
  readonly patients: readonly string[]
}

interface Row {
  readonly study_uid: string
  readonly series_uid?: string
  readonly sop_uid?: string
  readonly patient: string | null
  readonly study: string | null
  readonly series: string | null
  readonly instance: string | null
  readonly modalities: readonly string[]
  readonly series_count: number
  readonly study_instances: number
  readonly series_instances: number | null
  readonly sample: string | null
}

const maxPatients = 100

const tables: Readonly<Record<Level, string>> = {
  study: 'imaging.study t',
  series: 'imaging.series s JOIN imaging.study t USING (study_uid)',
  instance:
    'imaging.instance i JOIN imaging.series s USING (series_uid) JOIN imaging.study t ON t.study_uid = s.study_uid',
}
const orders: Readonly<Record<Level, string>> = {
  study: 't.study_date DESC, t.study_uid',
  series: 't.study_date DESC, t.study_uid, s.number, s.series_uid',
  instance: 't.study_date DESC, t.study_uid, s.number, s.series_uid, i.number, i.sop_uid',
}
const samples: Readonly<Record<Level, string>> = {
  study:
    '(SELECT metadata FROM imaging.instance x WHERE x.study_uid = t.study_uid ORDER BY series_uid, number, sop_uid LIMIT 1)',
  series:
    '(SELECT metadata FROM imaging.instance x WHERE x.series_uid = s.series_uid ORDER BY number, sop_uid LIMIT 1)',
  instance: 'i.metadata',
}

// The levels whose attributes an answer has: the one asked for, and those above it that the address does not fix.
function shownLevels(level: Level, { studyUid, seriesUid }: SearchScope): ReadonlySet<Level> {
  const shown: readonly (Level | false)[] = [
    level,
    level !== 'study' && studyUid === undefined && 'study',
    level === 'instance' && seriesUid === undefined && 'series',
  ]
  return new Set(shown.filter((one) => one !== false))
}

function columns(query: Query, shown: ReadonlySet<Level>): string {
  const { level, include } = query
  return [
    't.study_uid, t.patient, t.modalities, t.series_count, t.instance_count AS study_instances',
    level === 'study' ? 'NULL AS series_instances' : 's.series_uid, s.instance_count AS series_instances',
    ...(level === 'instance' ? ['i.sop_uid'] : []),
    `${shown.has('study') ? 't.attributes' : 'NULL'} AS study`,
    `${shown.has('series') ? 's.attributes' : 'NULL'} AS series`,
    `${shown.has('instance') ? 'i.attributes' : 'NULL'} AS instance`,
    `${include.length > 0 ? samples[level] : 'NULL'} AS sample`,
  ].join(', ')
}

function memberTexts(row: Row, shown: ReadonlySet<Level>, address: string): readonly string[] {
  const counts = [
    ...(shown.has('study')
      ? [
          `"00080061":${JSON.stringify({ vr: 'CS', Value: row.modalities })}`,
          `"00201206":{"vr":"IS","Value":[${row.series_count}]}`,
          `"00201208":{"vr":"IS","Value":[${row.study_instances}]}`,
        ]
      : []),
    ...(shown.has('series') ? [`"00201209":{"vr":"IS","Value":[${row.series_instances}]}`] : []),
  ]
  return [
    ...[row.study, row.series, row.instance].flatMap((text) => text?.split(memberMark) ?? []),
    ...counts,
    '"00080005":{"vr":"CS","Value":["ISO_IR 192"]}',
    '"00080056":{"vr":"CS","Value":["ONLINE"]}',
    `"00081190":{"vr":"UR","Value":["${address}"]}`,
  ]
}

// Fields beyond the usual are those of the object itself, or of the first one of the study or series.
function includedTexts(row: Row, { include, level }: Query, baseUrl: string): readonly string[] {
  if (row.sample === null || (include === 'all' && level !== 'instance')) return []
  const metadata = JSON.parse(row.sample.replaceAll(baseMark, baseUrl)) as DicomJson // the store wrote it
  const tags = include === 'all' ? Object.keys(metadata) : include
  return tags.flatMap((tag) => {
    const attribute = metadata[tag]
    return attribute === undefined ? [] : [dicomJsonText({ [tag]: attribute }).slice(1, -1)]
  })
}

function rowText(row: Row, query: Query, shown: ReadonlySet<Level>, baseUrl: string): string {
  const { series_uid: series, sop_uid: instance } = row
  const address = [
    `${baseUrl}/studies/${row.study_uid}`,
    ...(series === undefined ? [] : [`/series/${series}`]),
    ...(instance === undefined ? [] : [`/instances/${instance}`]),
  ].join('')
  const usual = memberTexts(row, shown, address)
  if (query.include.length === 0) return `{${[...usual].sort().join(',')}}`
  const known = new Set(usual.map((text) => text.slice(1, 9)))
  const more = includedTexts(row, query, baseUrl).filter((text) => !known.has(text.slice(1, 9)))
  return `{${[...usual, ...more].sort().join(',')}}`
}

/** Runs a query; what the caller may not see is not there. */
export async function search(sql: Sql, query: Query, scope: SearchScope): Promise<SearchAnswer> {
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const shown = shownLevels(query.level, scope)
  const { access, studyUid, seriesUid, baseUrl } = scope
  const conditions = [
    't.instance_count > 0', // what was deleted stays for a moment, until others have heard of it
    ...(access.patient === undefined ? [] : [`t.patient = ${bind(access.patient)}`]),
    ...(access.withheld.length === 0 ? [] : [notWithheld('t', bind(access.withheld))]),
    ...(studyUid === undefined ? [] : [`t.study_uid = ${bind(studyUid)}`]),
    ...(seriesUid === undefined ? [] : [`s.series_uid = ${bind(seriesUid)}`]),
    ...query.criteria.map((criterion) => conditionOf(criterion, bind)),
  ]
  const rows = await sql.query<Row>({
    text: `SELECT ${columns(query, shown)} FROM ${tables[query.level]} WHERE ${conditions.join(' AND ')}
           ORDER BY ${orders[query.level]} LIMIT ${bind(query.limit + 1)} OFFSET ${bind(query.offset)}`,
    values,
  })
  const page = rows.slice(0, query.limit)
  return {
    body: page.length === 0 ? undefined : `[${page.map((row) => rowText(row, query, shown, baseUrl)).join(',')}]`,
    isTruncated: rows.length > page.length,
    patients: [...new Set(page.flatMap(({ patient }) => patient ?? []))].slice(0, maxPatients),
  }
}
