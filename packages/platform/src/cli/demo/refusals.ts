// What the system refuses, and how it says so.
import { SignJWT } from 'jose'
import { expectStatus, type Stage } from './stage.ts'

const chapter = 'What is refused'

function firstIssue(body: Record<string, unknown>): string {
  const [issue] = body.issue as readonly { readonly diagnostics?: string; readonly expression?: readonly string[] }[]
  return [issue?.expression?.[0], issue?.diagnostics].filter(Boolean).join(': ')
}

async function limitedConsumer(stage: Stage): Promise<string> {
  const admin = stage.addresses.adminUrl
  const consumer = await stage.ask(`${admin}/consumers`, {
    method: 'POST',
    body: { username: `demo-limited-${Date.now()}` },
  })
  expectStatus(consumer, 201)
  const { id } = consumer.body as { id: string }
  expectStatus(
    await stage.ask(`${admin}/plugins`, {
      method: 'POST',
      body: { name: 'rate-limiting', consumer: { id }, config: { minute: 5, policy: 'local' } },
    }),
    201,
  )
  const credential = await stage.ask(`${admin}/consumers/${id}/jwt`, { method: 'POST', body: {} })
  expectStatus(credential, 201)
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(String(credential.body.key))
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(String(credential.body.secret)))
}

/** Plays the chapter. */
export async function playRefusals(stage: Stage, patientId: string): Promise<void> {
  const clinician = await stage.token('clinician')
  await stage.scene(chapter, 'a resource that is not valid FHIR', async () => {
    const bad = {
      resourceType: 'Observation',
      status: 'finall',
      code: { text: 'Heart rate' },
      valueQuantity: { value: 'high' },
    }
    const answer = await stage.ask('/fhir/Observation', { method: 'POST', body: bad, token: clinician })
    expectStatus(answer, 400, 422)
    return `${answer.status} ${firstIssue(answer.body)}`
  })
  await stage.scene(chapter, 'a search parameter that does not exist', async () => {
    const answer = await stage.ask('/fhir/Patient?shoesize=42', { token: clinician })
    expectStatus(answer, 400)
    return `400 ${firstIssue(answer.body)}`
  })
  await stage.scene(chapter, 'a medicine dispensed without a prescription', async () => {
    const dispense = {
      resourceType: 'MedicationDispense',
      status: 'completed',
      medicationCodeableConcept: { text: 'warfarin' },
      subject: { reference: `Patient/${patientId}` },
    }
    const answer = await stage.ask('/fhir/MedicationDispense', {
      method: 'POST',
      body: dispense,
      token: await stage.token('pharmacist'),
    })
    expectStatus(answer, 422)
    return `422 ${firstIssue(answer.body)}`
  })
  await stage.scene(chapter, 'one request too many', async () => {
    const token = await limitedConsumer(stage)
    for (let number = 1; number <= 7; number += 1) {
      const answer = await stage.ask(`/api/v1/patients/${patientId}`, { token })
      if (answer.status === 429) return `429 at request ${number}, Retry-After ${answer.headers.get('retry-after')} s`
      expectStatus(answer, 200)
    }
    throw new Error('seven requests passed a limit of five a minute')
  })
}
