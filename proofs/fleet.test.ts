// When a restarted process counts as there: told by what was seen of it, however busy the machine is.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type TestContext, test } from 'node:test'
import { listening } from '../conformance/registry/fixture.ts'
import { arrivalOf } from './fleet.ts'

/** Instances of a service, and whether the look of this number finds them well. */
type Instances = Readonly<Record<string, (look: number) => boolean>>

async function registryOf(context: TestContext, services: Readonly<Record<string, Instances>>) {
  const looks = new Map<string, number>()
  const server = createServer((request, response) => {
    const [path = '', query] = (request.url ?? '').split('?')
    const name = path.split('/').at(-1) ?? ''
    const look = (looks.get(name) ?? 0) + (query === 'passing' ? 1 : 0)
    looks.set(name, look)
    const all = Object.entries(services[name] ?? {}).filter(([, isWell]) => query !== 'passing' || isWell(look))
    response.end(JSON.stringify(all.map(([ID]) => ({ Service: { ID } }))))
  })
  return `http://127.0.0.1:${await listening(context, server)}`
}

const nowhere = 'http://127.0.0.1:1'
const always = (): boolean => true

async function looksUntilThere(arrival: Awaited<ReturnType<typeof arrivalOf>>, most: number): Promise<number> {
  for (let look = 1; look <= most; look += 1) if (await arrival.isComplete()) return look
  return Number.POSITIVE_INFINITY
}

test('services of which never all are well at once are there when each was seen well', async (context) => {
  const patient: Record<string, Instances[string]> = { 'patient-1': always }
  const emr: Record<string, Instances[string]> = { 'emr-1': always }
  const url = await registryOf(context, { patient, emr })
  const arrival = await arrivalOf([url, nowhere], ['patient', 'emr'], 1)
  assert.equal(await looksUntilThere(arrival, 5), Number.POSITIVE_INFINITY)
  patient['patient-2'] = (look) => look % 4 === 0
  emr['emr-2'] = (look) => look % 4 === 2
  assert.ok((await looksUntilThere(arrival, 12)) <= 8)
})

test('what was there before is not the new one, whichever registry knew it', async (context) => {
  const own: Record<string, Instances[string]> = {}
  const [restarted, other] = [
    await registryOf(context, { patient: own }),
    await registryOf(context, { patient: { 'patient-1': always, 'patient-2': always } }),
  ]
  const arrival = await arrivalOf([restarted, other], ['patient'], 1)
  own['patient-1'] = always
  own['patient-2'] = always
  assert.equal(await looksUntilThere(arrival, 3), Number.POSITIVE_INFINITY)
  own['patient-3'] = always
  assert.equal(await looksUntilThere(arrival, 1), 1)
})
