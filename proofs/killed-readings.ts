// Proof: a CT series that is being read survives SIGKILL at every step, and ends with exactly one report and one segmentation.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { seededRandom } from '@xinglin/core/cohort'
import { createChestPhantom, phantomFiles, phantomUids } from '@xinglin/core/dicom/phantom'
import { issueLocalToken, withDatabase } from '../packages/platform/src/cli/local.ts'
import { freePorts, type StartedSystem, startSystem } from '../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'
import type { Proof } from './proof.ts'

/** The steps of a reading at which the plug can be pulled. */
export const killSteps = ['loading', 'lungs', 'marking', 'measuring', 'writing'] as const

/** A step of {@link killSteps}. */
export type KillStep = (typeof killSteps)[number]

/** How hard to try. */
export interface KilledReadingOptions {
  /** The plug is pulled once in each, in this order. */
  readonly steps: readonly KillStep[]
  readonly seed: number
  /** Images of the series. */
  readonly slices: number
  readonly onProgress?: (line: string) => void
}

/** What was seen. */
export interface KilledReadingReport {
  /** The steps in which the plug was really pulled. */
  readonly killedIn: readonly string[]
  readonly state: string
  readonly attempts: number
  readonly nodules: number
  readonly reports: number
  /** Versions of the report: 1 when it was written once. */
  readonly reportVersions: number
  readonly observations: number
  readonly segmentations: number
  readonly slicesWithLung: number
  /** Slices that were marked; each once. */
  readonly slicesMarked: number
  readonly failure: string | null
}

interface Seen {
  readonly state: string
  readonly step: string
  readonly attempts: number
  readonly failure: string | null
  readonly lung: number | null
}

const patientId = 'KILL-1'
const limitMs = 300_000
// Longest wait within a step before the plug is pulled.
const withinStepMs = 120

interface Asking {
  readonly url: string
  readonly token: string
}

async function ask({ url, token }: Asking, path: string, init: RequestInit = {}): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
    signal: AbortSignal.timeout(60_000),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text.slice(0, 300)}`)
  return text === '' ? [] : JSON.parse(text)
}

async function begin(asking: Asking, options: KilledReadingOptions): Promise<string> {
  const fhir = { 'content-type': 'application/fhir+json' }
  const patient = { resourceType: 'Patient', identifier: [{ system: 'urn:example:mrn', value: patientId }] }
  await ask(asking, '/fhir/Patient', { method: 'POST', headers: fhir, body: JSON.stringify(patient) })
  const phantom = createChestPhantom({
    ...{ seed: options.seed, size: 256, slices: options.slices, sliceMm: 96 / options.slices },
    nodules: [{ diameterMm: 14, texture: 'solid', side: 'right' }],
  })
  const head = '--part\r\nContent-Type: application/dicom\r\n\r\n'
  const files = [...phantomFiles(phantom, { patientId })].flatMap(({ bytes }) => [head, bytes, '\r\n'])
  const body = Buffer.concat(
    [...files, '--part--\r\n'].map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
  )
  await ask(asking, '/dicom-web/studies', {
    method: 'POST',
    headers: { 'content-type': 'multipart/related; type="application/dicom"; boundary=part' },
    body,
  })
  const { study, series } = phantomUids(phantom, { patientId })
  const reading = (await ask(asking, '/api/v1/imaging/readings', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ study, series }),
  })) as { readonly id: string }
  return reading.id
}

// Looks at the row itself: asking the service so often would be work of its own.
function follow({ state }: StartedSystem, id: string, isReached: (seen: Seen) => boolean): Promise<Seen> {
  return withDatabase(state.databaseUrl, async (sql) => {
    const until = Date.now() + limitMs
    for (;;) {
      const [seen] = await sql.query<Seen>({
        text: `SELECT state, step, attempts, failure, (summary->>'slicesWithLung')::int AS lung
               FROM imaging.reading WHERE id = $1`,
        values: [id],
      })
      if (seen === undefined) throw new Error('The reading is gone')
      if (isReached(seen)) return seen
      if (Date.now() > until) throw new Error(`The reading stands still: ${seen.state}, ${seen.step}`)
      await delay(5)
    }
  })
}

const isOver = ({ state }: Seen): boolean => !['queued', 'running'].includes(state)

async function versionsOf(asking: Asking, id: string): Promise<number> {
  const report = await ask(asking, `/fhir/DiagnosticReport/reading-${id}`)
  return Number((report as { readonly meta: { readonly versionId: string } }).meta.versionId)
}

async function count(asking: Asking, path: string): Promise<number> {
  const { total } = (await ask(asking, path)) as { readonly total: number }
  return total
}

async function reportOn(system: StartedSystem, asking: Asking, id: string, killedIn: readonly string[]) {
  const { state, attempts, failure, lung } = await follow(system, id, isOver)
  const reading = (await ask(asking, `/api/v1/imaging/readings/${id}`)) as {
    readonly study: string
    readonly nodules: readonly unknown[]
  }
  const patient = `subject:Patient.identifier=urn:example:mrn|${patientId}&_summary=count`
  const segmentations = await ask(asking, `/dicom-web/studies/${reading.study}/instances?Modality=SEG`)
  const [kept] = await withDatabase(system.state.databaseUrl, (sql) =>
    sql.query<{ count: number }>({
      text: 'SELECT count(*)::int AS count FROM imaging.reading_slice WHERE reading = $1',
      values: [id],
    }),
  )
  return {
    ...{ killedIn, state, attempts, failure },
    nodules: reading.nodules.length,
    reports: await count(asking, `/fhir/DiagnosticReport?${patient}`),
    reportVersions: state === 'ready' ? await versionsOf(asking, id) : 0,
    observations: await count(asking, `/fhir/Observation?${patient}`),
    segmentations: (segmentations as readonly unknown[]).length,
    slicesWithLung: lung ?? 0,
    slicesMarked: kept?.count ?? 0,
  }
}

/** Reads one drawn series on a system of its own while its plug is pulled, and removes both. */
export async function proveKilledReading(options: KilledReadingOptions): Promise<KilledReadingReport> {
  const { onProgress = () => undefined } = options
  const random = seededRandom(options.seed)
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-readings-'))
  const settings = { ...(await freePorts()), LOG_LEVEL: 'error' }
  await prepareFolder(folder)
  let system = await startSystem(folder, settings)
  try {
    const token = await issueLocalToken(system.state, { role: 'admin', lifetimeSeconds: 3600 })
    const asking = { url: system.state.gatewayUrl, token }
    const id = await begin(asking, options)
    const killedIn: string[] = []
    let before = 0
    for (const step of options.steps) {
      // The row of a dead process still names its step: only a new attempt counts.
      const isThere = (one: Seen): boolean => isOver(one) || (one.attempts > before && one.step === step)
      const seen = await follow(system, id, isThere)
      if (isOver(seen)) break
      await delay(random.integer(0, withinStepMs))
      const left = await follow(system, id, () => true)
      await system.kill()
      before = left.attempts
      if (left.state === 'running') killedIn.push(left.step)
      system = await startSystem(folder, settings)
      onProgress(`killed in ${left.step} (${left.state}), started again`)
    }
    return await reportOn(system, asking, id, killedIn)
  } finally {
    await system.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Says what is wrong with a report; nothing when all is well. */
export function faultsOf(report: KilledReadingReport): readonly string[] {
  const wanted: readonly (readonly [string, unknown, unknown])[] = [
    ['state', report.state, 'ready'],
    ['reports', report.reports, 1],
    ['versions of the report', report.reportVersions, 1],
    ['observations', report.observations, report.nodules],
    ['segmentations', report.segmentations, report.nodules > 0 ? 1 : 0],
    ['marked slices', report.slicesMarked, report.slicesWithLung],
    ['was killed', report.killedIn.length > 0, true],
  ]
  return wanted.flatMap(([what, is, should]) => (is === should ? [] : [`${what}: ${is}, not ${should}`]))
}

const series = 2

/** Series whose reading is killed in each step. */
export const killedReadingsProof: Proof<KilledReadingReport> = {
  name: 'killed-readings',
  about: 'a CT series whose reading is killed at every step ends with exactly one report and one segmentation',
  chunks: series,
  run: (chunk, onProgress) => proveKilledReading({ steps: killSteps, seed: 40 + chunk, slices: 16, onProgress }),
  conclude(reports) {
    const kills = reports.reduce((all, one) => all + one.killedIn.length, 0)
    const faults = reports.flatMap(faultsOf)
    const steps = [...new Set(reports.flatMap(({ killedIn }) => killedIn))]
    return {
      ok: faults.length === 0 && kills > 0,
      summary: `${kills} kills in ${steps.join(', ')} of ${reports.length} readings; ${faults.length === 0 ? 'each ended with one report and one segmentation' : faults.join('; ')}`,
      figures: { kills, steps, faults, readings: reports },
    }
  },
}
