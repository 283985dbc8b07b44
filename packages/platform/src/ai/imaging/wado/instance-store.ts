// SQL of retrieval: where the bytes of instances lie, and their metadata.
import { AppError } from '@xinglin/core/errors'
import type { Queryable } from '../../../kernel/sql.ts'
import type { ImagingAccess } from '../access.ts'
import { notWithheld } from '../store/withheld-sql.ts'

/** What is retrieved: a study, one of its series, or one instance of that. */
export interface ImageAddress {
  readonly study: string
  readonly series?: string
  readonly instance?: string
}

/** Where an instance lies. */
export interface StoredInstance {
  readonly studyUid: string
  readonly seriesUid: string
  readonly sopUid: string
  readonly sopClass: string
  readonly patient: string | undefined
  readonly number: number | undefined
  readonly blob: string
  readonly blobStart: number
  readonly sizeBytes: number
  readonly transferSyntax: string
  readonly frames: number
  readonly frameBytes: number | undefined
  readonly pixelStart: number | undefined
  readonly pixelBytes: number | undefined
}

interface InstanceRow {
  readonly study_uid: string
  readonly series_uid: string
  readonly sop_uid: string
  readonly sop_class: string
  readonly patient: string | null
  readonly number: number | null
  readonly blob: string
  readonly blob_start: number
  readonly size_bytes: number
  readonly transfer_syntax: string
  readonly frames: number
  readonly frame_bytes: number | null
  readonly pixel_start: number | null
  readonly pixel_bytes: number | null
}

const maxInstances = 20_000

const instanceColumns = `i.study_uid, i.series_uid, i.sop_uid, i.sop_class, t.patient, i.number, i.blob, i.blob_start,
  i.size_bytes, i.transfer_syntax, i.frames, i.frame_bytes, i.pixel_start, i.pixel_bytes`

function where({ study, series, instance }: ImageAddress, { patient, withheld }: ImagingAccess) {
  const values: unknown[] = [study]
  const bind = (value: unknown): string => `$${values.push(value)}`
  const conditions = [
    'i.study_uid = $1',
    ...(series === undefined ? [] : [`i.series_uid = ${bind(series)}`]),
    ...(instance === undefined ? [] : [`i.sop_uid = ${bind(instance)}`]),
    ...(patient === undefined ? [] : [`t.patient = ${bind(patient)}`]),
    ...(withheld.length === 0 ? [] : [notWithheld('t', bind(withheld))]),
  ]
  // One of sixteen texts: each becomes a prepared statement of its own.
  const shape = [series, instance, patient, withheld[0]].map((part) => (part === undefined ? '-' : 'x')).join('')
  return { condition: conditions.join(' AND '), values, shape }
}

function absent({ series, instance }: ImageAddress): AppError {
  const what = instance !== undefined ? 'instance' : series !== undefined ? 'series' : 'study'
  return new AppError('not-found', `No such ${what} is stored here`)
}

function instanceOf(row: InstanceRow): StoredInstance {
  return {
    ...{ studyUid: row.study_uid, seriesUid: row.series_uid, sopUid: row.sop_uid, sopClass: row.sop_class },
    ...{ blob: row.blob, blobStart: row.blob_start, sizeBytes: row.size_bytes, frames: row.frames },
    patient: row.patient ?? undefined,
    number: row.number ?? undefined,
    transferSyntax: row.transfer_syntax,
    frameBytes: row.frame_bytes ?? undefined,
    pixelStart: row.pixel_start ?? undefined,
    pixelBytes: row.pixel_bytes ?? undefined,
  }
}

/**
 * The instances at an address, in the order of their series and numbers.
 * @throws AppError 'not-found' when there is none, or none that the caller may see
 */
export async function findInstances(
  sql: Queryable,
  address: ImageAddress,
  access: ImagingAccess,
): Promise<readonly StoredInstance[]> {
  const { condition, values, shape } = where(address, access)
  const rows = await sql.query<InstanceRow>({
    name: `imaging.instance.find.${shape}`,
    text: `SELECT ${instanceColumns} FROM imaging.instance i JOIN imaging.study t ON t.study_uid = i.study_uid
           WHERE ${condition} ORDER BY i.series_uid, i.number, i.sop_uid LIMIT ${maxInstances}`,
    values,
  })
  if (rows.length === 0) throw absent(address)
  return rows.map(instanceOf)
}

/** The one instance of an address that names it. @throws AppError 'not-found' */
export async function findInstance(
  sql: Queryable,
  address: ImageAddress,
  access: ImagingAccess,
): Promise<StoredInstance> {
  const [found] = await findInstances(sql, address, access)
  if (found === undefined) throw absent(address)
  return found
}

/** Metadata of the instances at an address. */
export interface FoundMetadata {
  /** A JSON array in which the byte \x01 stands for the base URL. */
  readonly text: string
  readonly patients: readonly string[]
}

/**
 * The metadata of the instances at an address, ready to be sent.
 * @throws AppError 'not-found' when there is none, or none that the caller may see
 */
export async function findMetadata(
  sql: Queryable,
  address: ImageAddress,
  access: ImagingAccess,
): Promise<FoundMetadata> {
  const { condition, values, shape } = where(address, access)
  const rows = await sql.query<{ metadata: string; patient: string | null }>({
    name: `imaging.metadata.find.${shape}`,
    text: `SELECT i.metadata, t.patient FROM imaging.instance i JOIN imaging.study t ON t.study_uid = i.study_uid
           WHERE ${condition} ORDER BY i.series_uid, i.number, i.sop_uid LIMIT ${maxInstances}`,
    values,
  })
  const [first] = rows
  if (first === undefined) throw absent(address)
  return {
    text: `[${rows.map(({ metadata }) => metadata).join(',')}]`,
    patients: first.patient === null ? [] : [first.patient],
  }
}
