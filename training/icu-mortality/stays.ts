// The ICU stays that the mortality model is trained on: PhysioNet/CinC Challenge 2012, set A, by type of unit.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { type IcuCohort, icuFeatures, stayBins } from '@xinglin/core/federated/icu'

/** The stays of one kind of unit: a centre of its own. */
export interface Centre extends IcuCohort {
  readonly name: string
}

const names = ['coronary care', 'cardiac surgery', 'medical', 'surgical']
const cells = stayBins * icuFeatures.length

/** The folder of the set. */
export const staysFolder = fileURLToPath(new URL('../../../shared/data/federated/', import.meta.url))

/** Name of the set: `<name>-features.f32.gz` and `<name>.tsv` are its files. */
export const setA = 'icu-2012-a'

/** What to say where the set is absent. */
export const howToGetStays = `needs ${setA}-features.f32.gz and ${setA}.tsv (PhysioNet/CinC Challenge 2012 set A) in ../shared/data/federated`

/** True where the set is there. */
export const hasStays = (folder = staysFolder, set = setA): boolean => existsSync(join(folder, `${set}.tsv`))

interface Row {
  readonly unit: number
  readonly died: number
}

function readRows(folder: string, set: string): readonly Row[] {
  const [head = '', ...lines] = readFileSync(join(folder, `${set}.tsv`), 'utf8')
    .trim()
    .split('\n')
  const columns = head.trim().split('\t')
  const [unit, died] = ['icu_type', 'died_in_hospital'].map((name) => columns.indexOf(name))
  return lines.map((line) => {
    const cell = line.split('\t')
    return { unit: Number(cell[unit ?? -1]), died: Number(cell[died ?? -1]) }
  })
}

/** Reads the four centres. @throws Error when the files do not fit together */
export function readCentres(folder = staysFolder, set = setA): readonly Centre[] {
  const rows = readRows(folder, set)
  const bytes = gunzipSync(readFileSync(join(folder, `${set}-features.f32.gz`)))
  if (bytes.length !== rows.length * cells * 4) throw new Error(`${bytes.length} bytes are not ${rows.length} stays`)
  const all = new Float32Array(rows.length * cells).map((_value, index) => bytes.readFloatLE(index * 4))
  return names.map((name, index) => {
    const stays = [...rows.keys()].filter((row) => rows[row]?.unit === index + 1)
    return { name, ...takeStays({ values: all, died: Uint8Array.from(rows, ({ died }) => died) }, stays) }
  })
}

/** Some stays of a cohort. */
export function takeStays(cohort: IcuCohort, stays: readonly number[]): IcuCohort {
  const values = new Float32Array(stays.length * cells)
  for (const [index, stay] of stays.entries()) {
    values.set(cohort.values.subarray(stay * cells, (stay + 1) * cells), index * cells)
  }
  return { values, died: Uint8Array.from(stays, (stay) => cohort.died[stay] ?? 0) }
}

/** Stays of several cohorts as one. */
export function joinStays(cohorts: readonly IcuCohort[]): IcuCohort {
  const values = new Float32Array(cohorts.reduce((sum, cohort) => sum + cohort.values.length, 0))
  let at = 0
  for (const cohort of cohorts) {
    values.set(cohort.values, at)
    at += cohort.values.length
  }
  return { values, died: Uint8Array.from(cohorts.flatMap(({ died }) => [...died])) }
}
