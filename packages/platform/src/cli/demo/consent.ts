// A patient withholds records from a role; the record store obeys at once; an emergency breaks the glass, and leaves its reason.
import { expectStatus, type Stage } from './stage.ts'

const chapter = 'What a patient withholds'
const reason = 'Unconscious in the ambulance, medicines unknown'

async function count(stage: Stage, path: string, token: string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await stage.ask(`${path}&_summary=count`, { token, headers })
  expectStatus(answer, 200)
  return Number(answer.body.total)
}

/** A Consent that denies the records of a patient to a role. */
export function denial(patientId: string, role: string, status: 'active' | 'inactive') {
  const coding = (system: string, code: string) => ({ coding: [{ system, code }] })
  const terminology = 'http://terminology.hl7.org/CodeSystem'
  return {
    resourceType: 'Consent',
    id: `withheld-${patientId}`.slice(0, 64),
    status,
    scope: coding(`${terminology}/consentscope`, 'patient-privacy'),
    category: [coding('http://loinc.org', '59284-0')],
    patient: { reference: `Patient/${patientId}` },
    policyRule: coding(`${terminology}/v3-ActCode`, 'OPTIN'),
    provision: {
      type: 'deny',
      actor: [
        {
          role: coding(`${terminology}/v3-ParticipationType`, 'IRCP'),
          reference: { identifier: { system: 'urn:xinglin:role', value: role } },
        },
      ],
    },
  }
}

async function observe(stage: Stage, patientId: string): Promise<void> {
  const weight = {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '29463-7', display: 'Body weight' }] },
    subject: { reference: `Patient/${patientId}` },
    valueQuantity: { value: 71, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
  }
  expectStatus(
    await stage.ask('/fhir/Observation', { method: 'POST', body: weight, token: await stage.token('clinician') }),
    201,
  )
}

/** Plays the chapter. */
export async function playConsent(stage: Stage, patientId: string): Promise<void> {
  const [pharmacist, frontDesk, compliance] = await Promise.all(
    ['pharmacist', 'frontend', 'compliance'].map(stage.token),
  )
  if (pharmacist === undefined || frontDesk === undefined || compliance === undefined) throw new Error('No tokens')
  const observations = `/fhir/Observation?patient=${patientId}`
  const save = async (status: 'active' | 'inactive'): Promise<void> => {
    const body = denial(patientId, 'pharmacist', status)
    const saved = await stage.ask(`/fhir/Consent/${body.id}`, { method: 'PUT', body, token: frontDesk })
    expectStatus(saved, 200, 201)
  }
  await observe(stage, patientId)
  const before = await count(stage, observations, pharmacist)
  await stage.scene(chapter, 'a Consent takes effect with its answer', async () => {
    await save('active')
    const seen = await count(stage, observations, pharmacist)
    if (before === 0 || seen !== 0) throw new Error(`The pharmacist counted ${before}, and then ${seen}`)
    const others = await count(stage, observations, await stage.token('clinician'))
    return `the pharmacist counted ${before} observations and now counts ${seen}; a clinician still counts ${others}`
  })
  await stage.scene(chapter, 'an emergency breaks the glass, for a while and with a reason', async () => {
    const address = `/api/v1/patients/${patientId}/break-glass`
    const broken = await stage.ask(address, { method: 'POST', body: { reason }, token: pharmacist })
    expectStatus(broken, 201)
    const headers = { 'x-break-glass-reason': encodeURIComponent(reason) }
    const seen = await count(stage, observations, pharmacist, headers)
    if (seen !== before) throw new Error(`With the glass broken the pharmacist counted ${seen} of ${before}`)
    const trail = await stage.ask(`/audit/events?purpose=BTG`, { token: compliance })
    expectStatus(trail, 200)
    const found = (trail.body.entry as readonly unknown[] | undefined)?.length ?? 0
    if (!JSON.stringify(trail.body).includes(reason)) throw new Error('The trail does not have the reason')
    return `${seen} observations until ${String(broken.body.ends)}; compliance finds ${found} events with the reason`
  })
  await stage.scene(chapter, 'the Consent is taken back', async () => {
    await save('inactive')
    return `the pharmacist counts ${await count(stage, observations, pharmacist)} observations`
  })
}
