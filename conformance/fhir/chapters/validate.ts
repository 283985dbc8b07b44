// $validate, and that writes are held to the same rules (http://hl7.org/fhir/R4/resource-operation-validate.html).
import assert from 'node:assert/strict'
import { observation, patient } from '../fixtures/resources.ts'
import { type Answer, partOf } from '../suite/answer.ts'
import { chapter } from '../suite/check.ts'
import type { Client, Resource } from '../suite/client.ts'

const validate = async (client: Client, type: string, body: unknown) =>
  await client.send('POST', `/${type}/$validate`, { body })
const errorsOf = (answer: Answer) => {
  const issues = (answer.outcome(200, 400, 422).at('issue') ?? []) as readonly unknown[]
  return issues.filter((issue) => ['error', 'fatal'].includes(String(partOf(issue, 'severity'))))
}

// Each breaks one rule that R4 itself states.
const broken: readonly (readonly [rule: string, type: string, extra: Resource])[] = [
  ['a date must have the form of a date (datatypes.html#date)', 'Patient', { birthDate: '17.05.1970' }],
  ['a boolean is true or false, not a text (datatypes.html#boolean)', 'Patient', { active: 'true' }],
  ['a required binding takes only its codes (terminologies.html#required)', 'Patient', { gender: 'm' }],
  ['an element that R4 does not have is an error (json.html)', 'Patient', { shoeSize: 42 }],
  ['an element that may repeat is an array (json.html)', 'Patient', { name: { family: 'x' } }],
  ['an element that may not repeat is no array (json.html)', 'Patient', { gender: ['male'] }],
  ['a choice has one type (formats.html#choice)', 'Patient', { deceasedBoolean: true, deceasedDateTime: '2020' }],
  ['a mandatory element must be there (observation.html)', 'Observation', { code: undefined }],
  [
    'an invariant must hold: obs-6 (observation.html)',
    'Observation',
    { valueBoolean: true, dataAbsentReason: { text: 'x' } },
  ],
  [
    'a reference goes to a type that is allowed (references.html)',
    'Observation',
    { encounter: { reference: 'Patient/1' } },
  ],
  ['an object is not empty (json.html)', 'Patient', { maritalStatus: {} }],
  ['a text is not empty (datatypes.html#string)', 'Patient', { name: [{ family: '' }] }],
]

/** The chapter. */
export const validating = chapter('validate', (check) => {
  check('$validate of a good resource finds no errors', async (client) => {
    assert.deepEqual(errorsOf(await validate(client, 'Patient', patient(client, { gender: 'female' }))), [])
  })
  check('$validate answers with an OperationOutcome', async (client) => {
    ;(await validate(client, 'Patient', patient(client))).outcome(200)
  })
  check('$validate stores nothing', async (client) => {
    const family = `Validated${client.mark}`
    await validate(client, 'Patient', patient(client, { name: [{ family }] }))
    assert.equal((await client.send('GET', `/Patient?family=${family}&_summary=count`)).at('total'), 0)
  })
  check('$validate takes Parameters with a resource', async (client) => {
    const resource = patient(client, { gender: 'm' })
    const body = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource }] }
    assert.ok(errorsOf(await validate(client, 'Patient', body)).length > 0)
  })
  check('$validate names the place of an error', async (client) => {
    const [error] = errorsOf(await validate(client, 'Patient', patient(client, { birthDate: 'soon' })))
    assert.match(JSON.stringify(error), /birthDate/)
  })
  check('$validate refuses a body of another type', async (client) => {
    assert.ok(errorsOf(await validate(client, 'Observation', patient(client))).length > 0)
  })
  for (const [rule, type, extra] of broken) {
    check(rule, async (client) => {
      const resource = type === 'Patient' ? patient(client, extra) : observation(client, extra)
      const answer = await validate(client, type, resource)
      assert.ok(errorsOf(answer).length > 0, `${answer.text} has no error`)
    })
  }
  check('a create is held to the same rules', async (client) => {
    for (const [rule, type, extra] of broken) {
      const body = type === 'Patient' ? patient(client, extra) : observation(client, extra)
      const answer = await client.send('POST', `/${type}`, { body })
      assert.ok([400, 422].includes(answer.status), `${rule}: was ${answer.status}`)
    }
  })
})
