// A day in the clinic: a cohort is imported, and found again in the ways a clinic asks.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { cohort } from '@xinglin/core/cohort'
import { type ImportResult, importRecords } from '../import/index.ts'
import { expectStatus, type Stage } from './stage.ts'

const chapter = 'A day in the clinic'

/** What the clinic imports. */
export interface ClinicOptions {
  /** People of the synthetic cohort. */
  readonly patients: number
  readonly seed: number
  /** A folder of Synthea (or other) Bundles, imported as well. */
  readonly folder?: string
  readonly journalFolder: string
}

/** Writes a cohort as gzipped Bundles, one file a person, into a new folder. */
export async function writeCohort(patients: number, seed: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-cohort-'))
  let number = 0
  for (const bundle of cohort({ seed, patients, untilMs: Date.UTC(2026, 0, 1) })) {
    number += 1
    await writeFile(
      join(folder, `${String(number).padStart(5, '0')}.json.gz`),
      gzipSync(JSON.stringify(bundle), { level: 1 }),
    )
  }
  return folder
}

function told(result: ImportResult): string {
  const perSecond = Math.round((result.resources * 1000) / result.elapsedMs)
  if (result.refused > 0) throw new Error(`${result.refused} refused, the first: ${result.refusals[0]}`)
  return `${result.files} files, ${result.resources} resources, ${perSecond} resources/s, 0 refused`
}

async function importFolder(stage: Stage, path: string, journalFolder: string): Promise<string> {
  const target = {
    fhirUrl: `${stage.addresses.gatewayUrl}/fhir`,
    token: () => stage.token('admin'),
    patienceMs: 30_000,
  }
  const onProgress = ({ filesDone, files, resources }: { filesDone: number; files: number; resources: number }): void =>
    stage.progress(`${filesDone}/${files} files, ${resources} resources`)
  return told(await importRecords({ path, target, journalFolder, onProgress }))
}

const searches: readonly (readonly [string, string])[] = [
  ['patients named Zhang, by pinyin', '/fhir/Patient?name=zhang&_count=5&_total=accurate'],
  ['the same by Chinese character', '/fhir/Patient?name=张&_count=5&_total=accurate'],
  [
    'last five glucose values of a patient',
    '/fhir/Observation?patient=$patient&code=http://loinc.org|2345-7&_sort=-date&_count=5',
  ],
  [
    'raised HbA1c with the patient',
    '/fhir/Observation?code=4548-4&value-quantity=gt7&_include=Observation:subject&_count=10&_total=accurate',
  ],
  ['diabetics, by reverse chaining', '/fhir/Patient?_has:Condition:patient:code=44054006&_count=10&_total=accurate'],
  [
    'encounters of women born before 1960, by chaining',
    '/fhir/Encounter?subject:Patient.gender=female&subject:Patient.birthdate=lt1960&_count=10&_total=accurate',
  ],
  ['active prescriptions of warfarin', '/fhir/MedicationRequest?code=855332&status=active&_total=accurate'],
  ['severe allergies', '/fhir/AllergyIntolerance?criticality=high&_total=accurate'],
]

interface SearchEntry {
  readonly search?: { readonly mode?: string }
}

function foundIn(body: Readonly<Record<string, unknown>>): string {
  const entries = (body.entry ?? []) as readonly SearchEntry[]
  const hits = entries.filter(({ search }) => search?.mode !== 'include').length
  const included = entries.length - hits
  const more = included > 0 ? `, with ${included} resources that they refer to` : ''
  return `${body.total ?? hits} found, ${hits} on the first page${more}`
}

/** Plays the chapter. */
export async function playClinic(stage: Stage, options: ClinicOptions): Promise<void> {
  const folder = await writeCohort(options.patients, options.seed)
  try {
    await stage.scene(chapter, `a cohort of ${options.patients} synthetic people is imported`, () =>
      importFolder(stage, folder, options.journalFolder),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const { folder: own } = options
  if (own !== undefined)
    await stage.scene(chapter, 'a folder of Bundles is imported', () => importFolder(stage, own, options.journalFolder))
  const token = await stage.token('clinician')
  const patient = `cohort-${options.seed}-00000`
  for (const [title, path] of searches) {
    await stage.scene(chapter, title, async () => {
      const answer = await stage.ask(encodeURI(path.replace('$patient', patient)), { token })
      expectStatus(answer, 200)
      return foundIn(answer.body)
    })
  }
  await stage.scene(chapter, 'everything about one patient', async () => {
    const answer = await stage.ask(`/fhir/Patient/${patient}/$everything?_count=1000`, { token })
    expectStatus(answer, 200)
    return `${(answer.body.entry as readonly unknown[]).length} resources`
  })
}
