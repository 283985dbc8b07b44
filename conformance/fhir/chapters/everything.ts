// Patient/$everything (http://hl7.org/fhir/R4/patient-operation-everything.html).
import assert from 'node:assert/strict'
import { observation, ownId, patient, tagged } from '../fixtures/resources.ts'
import { partOf } from '../suite/answer.ts'
import { foundIn, pages } from '../suite/bundle.ts'
import { chapter, shared } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

/** A Patient with a doctor, two observations a year apart, a condition, and somebody else's observation. */
const chart = shared(async (client) => {
  const doctor = await client.create(tagged(client, { resourceType: 'Practitioner', name: [{ family: 'Chen' }] }))
  const generalPractitioner = [{ reference: `Practitioner/${doctor.id}` }]
  const one = await client.create(patient(client, { generalPractitioner }))
  const other = await client.create(patient(client))
  const subject = { reference: `Patient/${one.id}` }
  const old = await client.create(observation(client, { subject, effectiveDateTime: '2020-03-01' }))
  const recent = await client.create(observation(client, { subject, effectiveDateTime: '2021-03-01' }))
  const condition = await client.create(tagged(client, { resourceType: 'Condition', subject }))
  const strange = await client.create(observation(client, { subject: { reference: `Patient/${other.id}` } }))
  return { doctor, one, other, old, recent, condition, strange }
})

/** `Type/id` of everything that the operation returns, over all pages. */
async function everything(client: Client, query = ''): Promise<readonly string[]> {
  const { one } = await chart(client)
  const first = foundIn(await client.send('GET', `/Patient/${one.id}/$everything${query}`))
  const all = await pages(client, first)
  return all.flatMap((page) =>
    page.entries.map((entry) => `${partOf(entry, 'resource.resourceType')}/${partOf(entry, 'resource.id')}`),
  )
}

/** The chapter. */
export const everythingOfPatient = chapter('everything', (check) => {
  check('$everything returns the patient and all that is in the compartment', async (client) => {
    const { one, old, recent, condition } = await chart(client)
    const found = await everything(client)
    for (const resource of [one, old, recent, condition])
      assert.ok(found.includes(`${resource.resourceType}/${resource.id}`), resource.resourceType)
  })
  check('$everything returns what the records refer to, such as the doctor', async (client) => {
    assert.ok((await everything(client)).includes(`Practitioner/${(await chart(client)).doctor.id}`))
  })
  check('$everything returns nothing of another patient', async (client) => {
    const { other, strange } = await chart(client)
    const found = await everything(client)
    assert.ok(!found.includes(`Patient/${other.id}`) && !found.includes(`Observation/${strange.id}`))
  })
  check('$everything is a searchset', async (client) => {
    const { one } = await chart(client)
    assert.equal((await client.send('GET', `/Patient/${one.id}/$everything`)).at('type'), 'searchset')
  })
  check('$everything pages by _count without gap or repetition', async (client) => {
    const { one, old, recent, condition } = await chart(client)
    const first = foundIn(await client.send('GET', `/Patient/${one.id}/$everything?_count=2`))
    assert.ok(first.ids.length <= 2)
    const matches = (await pages(client, first)).flatMap((page) => page.ids)
    for (const { id } of [one, old, recent, condition]) assert.equal(matches.filter((match) => match === id).length, 1)
  })
  check('$everything keeps to _type', async (client) => {
    const { old, recent } = await chart(client)
    const found = await everything(client, '?_type=Observation')
    assert.deepEqual(found.toSorted(), [`Observation/${old.id}`, `Observation/${recent.id}`].toSorted())
  })
  check('$everything keeps to start and end, by clinical dates', async (client) => {
    const { old, recent } = await chart(client)
    const found = await everything(client, '?start=2021-01-01&end=2021-12-31')
    assert.deepEqual(
      [found.includes(`Observation/${old.id}`), found.includes(`Observation/${recent.id}`)],
      [false, true],
    )
    const before = await everything(client, '?end=2020-12-31')
    assert.deepEqual(
      [before.includes(`Observation/${old.id}`), before.includes(`Observation/${recent.id}`)],
      [true, false],
    )
  })
  check('$everything keeps to _since', async (client) => {
    const { one } = await chart(client)
    const subject = { reference: `Patient/${one.id}` }
    const late = await client.create(observation(client, { subject, effectiveDateTime: '2021-06-01' }))
    const since = String(partOf(late, 'meta.lastUpdated'))
    const found = await everything(client, `?_since=${encodeURIComponent(since)}`)
    assert.ok(found.includes(`Observation/${late.id}`))
    assert.ok(!found.includes(`Condition/${(await chart(client)).condition.id}`))
  })
  check('$everything of an unknown patient is 404', async (client) => {
    ;(await client.send('GET', `/Patient/${ownId(client, 'none')}/$everything`)).refused(404)
  })
  check('$everything with a date that is none is 400', async (client) => {
    const { one } = await chart(client)
    ;(await client.send('GET', `/Patient/${one.id}/$everything?start=soon`)).refused(400)
  })
  check('$everything with a type that is none is 400', async (client) => {
    const { one } = await chart(client)
    ;(await client.send('GET', `/Patient/${one.id}/$everything?_type=Dragon`)).refused(400, 404)
  })
  check('$everything can be POSTed with Parameters', async (client) => {
    const { one } = await chart(client)
    const body = { resourceType: 'Parameters', parameter: [{ name: '_type', valueCode: 'Condition' }] }
    const found = foundIn(await client.send('POST', `/Patient/${one.id}/$everything`, { body }))
    assert.deepEqual(found.ids, [(await chart(client)).condition.id])
  })
  check('$everything does not return what was deleted', async (client) => {
    const { one } = await chart(client)
    const gone = await client.create(observation(client, { subject: { reference: `Patient/${one.id}` } }))
    await client.send('DELETE', `/Observation/${gone.id}`)
    assert.ok(!(await everything(client)).includes(`Observation/${gone.id}`))
  })
})
