// Bad input: always refused with a reason, never a failure of the server (http://hl7.org/fhir/R4/http.html#Status-Codes).
import assert from 'node:assert/strict'
import { observation, ofRun, patient } from '../fixtures/resources.ts'
import { type Answer, partOf } from '../suite/answer.ts'
import { entry, sendBundle, statusesOf } from '../suite/bundle.ts'
import { chapter } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

const post = async (client: Client, body: unknown) => await client.send('POST', '/Patient', { body })
const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`

/** Fails the check when the server failed; anything it says in words is fine. */
async function survives(client: Client, path: string): Promise<void> {
  const answer = await client.send('GET', path)
  assert.ok(answer.status < 500, `${answer.asked.slice(0, 200)} → ${answer.status} ${answer.text.slice(0, 300)}`)
  if (answer.status >= 400) answer.refused(answer.status)
  else assert.equal(answer.at('resourceType'), 'Bundle', answer.text.slice(0, 300))
}

/** What was stored must be there to be read. */
async function sameAgain(client: Client, made: Answer): Promise<void> {
  const place = (made.expect(201).header('location') ?? '').replace(/\/_history\/.*$/, '')
  assert.deepEqual((await client.send('GET', place)).expect(200).at('resourceType'), 'Patient')
}

const strangeSearches: readonly (readonly [rule: string, query: string])[] = [
  ['a NUL', 'Patient?name=a%00b'],
  ['a NUL in a token', 'Patient?identifier=a%00b%7Cc%00'],
  ['a NUL in an id', 'Patient?_id=%00'],
  ['a NUL in a uri', 'ValueSet?url=http://a%00'],
  ['a NUL in a reference', 'Observation?subject=Patient/%00'],
  ['half of a surrogate pair', 'Patient?name=%ED%A0%80'],
  ['bytes that are no UTF-8', 'Patient?name=%FF%FE'],
  ['a per cent sign alone', 'Patient?name=100%'],
  ['emoji and right-to-left marks', 'Patient?name=%F0%9F%91%A9%E2%80%8D%F0%9F%94%AC%E2%80%AE'],
  ['a thousand combining marks', `Patient?name=a${'%CC%81'.repeat(1000)}`],
  ['the year 0', 'Patient?birthdate=0000'],
  ['the year 9999 and beyond', 'Patient?birthdate=gt9999-12-31&death-date=lt10000'],
  ['the first day', 'Patient?birthdate=lt0001-01-01'],
  ['a leap second', 'Observation?date=2016-12-31T23:59:60Z'],
  ['a zone that does not exist', 'Observation?date=2016-12-31T23:59:59%2B99:99'],
  ['a _lastUpdated of the year 9999', 'Patient?_lastUpdated=gt9999-12-31T23:59:59.999Z'],
  ['a _lastUpdated of the year 1', 'Patient?_lastUpdated=lt0001-01-01'],
  ['a _since of the year 9999', 'Patient/_history?_since=9999-12-31T23:59:59Z&_count=1'],
  ['a _since of the year 0', 'Patient/_history?_since=0000-01-01T00:00:00Z&_count=1'],
  ['an _at of the year 9999', 'Patient/_history?_at=9999-12-31&_count=1'],
  ['a _since before a zone', 'Patient/_history?_since=0001-01-01T00:00:00%2B14:00&_count=1'],
  ['a number beyond double', 'RiskAssessment?probability=1e999'],
  ['a number of a thousand digits', `RiskAssessment?probability=${'9'.repeat(1000)}`],
  ['a number too small', 'RiskAssessment?probability=lt1e-999'],
  ['a quantity of minus zero', 'Observation?value-quantity=-0%7C%7Cmg'],
  ['NaN and Infinity', 'RiskAssessment?probability=NaN,Infinity'],
  ['a value of ten thousand characters', `Patient?name=${'x'.repeat(10_000)}`],
  ['three hundred alternatives', `Patient?identifier=${Array.from({ length: 300 }, (_one, at) => at).join(',')}`],
  ['a hundred parameters', `Patient?${Array.from({ length: 100 }, () => 'name=x').join('&')}`],
  ['a chain of twenty steps', `Patient?${'link.'.repeat(20)}name=x`],
  ['_has nested twenty times', `Patient?${'_has:Observation:patient:'.repeat(20)}code=x`],
  ['a chain without types, again and again', 'Observation?subject.organization.partof.partof.name=x'],
  ['a regular expression', 'Patient?name:contains=(a%2B)%2B%24'],
  ['SQL in a value', "Patient?name=x';DROP TABLE resource;--&identifier='%7C'"],
  ['SQL in a name', "Patient?name';--=x"],
  ['SQL in a sort', 'Patient?_sort=-birthdate;DROP%20TABLE%20x'],
  ['wildcards of SQL', 'Patient?name:contains=%25%25%25_'],
  ['prototype words as parameters', 'Patient?__proto__=x&constructor=y&hasOwnProperty=z'],
  ['prototype words as types', '__proto__?x=y'],
  ['prototype words in _elements', 'Patient?_elements=__proto__,constructor&_count=1'],
  ['prototype words in _include', 'Patient?_include=__proto__:constructor'],
  ['a cursor of nonsense', 'Patient?_cursor=a.b&_getpages=zz&_page=-1'],
  ['a page of negative size', 'Patient?_count=-99999999999999999999'],
  ['equals signs and no name', 'Patient?===&=x&&&'],
  ['a colon and a point alone', 'Patient?:=x&.=y&name:=z'],
]

const strangeBodies: readonly (readonly [rule: string, body: string])[] = [
  ['ten thousand arrays in each other', `{"resourceType":"Patient","name":${nested(10_000, '[', ']')}}`],
  ['a million arrays in each other', nested(1_000_000, '[', ']')],
  ['ten thousand objects in each other', nested(10_000, '{"a":', '}')],
  [
    'extensions two thousand deep',
    `{"resourceType":"Patient","extension":${nested(2000, '[{"url":"http://x","extension":', '}]')}}`,
  ],
  ['a NUL in a text', '{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}'],
  ['a NUL in an id', '{"resourceType":"Patient","id":"a\\u0000b"}'],
  ['half of a surrogate pair', '{"resourceType":"Patient","name":[{"family":"\\ud800"}]}'],
  ['a control character', '{"resourceType":"Patient","name":[{"family":"a\\u0001\\u001fb"}]}'],
  ['the key twice', '{"resourceType":"Patient","gender":"male","gender":"female"}'],
  ['the type twice', '{"resourceType":"Patient","resourceType":"Observation"}'],
  ['__proto__ as an element', '{"resourceType":"Patient","__proto__":{"active":true}}'],
  ['constructor as an element', '{"resourceType":"Patient","constructor":{"prototype":{"x":1}}}'],
  ['an integer beyond 2^53', '{"resourceType":"Patient","multipleBirthInteger":9007199254740993}'],
  ['a number beyond double', '{"resourceType":"Patient","multipleBirthInteger":1e999}'],
  ['the year 0', '{"resourceType":"Patient","birthDate":"0000-01-01"}'],
  ['a date of the year 9999', '{"resourceType":"Patient","birthDate":"9999-12-31"}'],
  ['null everywhere', '{"resourceType":"Patient","name":[null],"gender":null,"meta":null,"id":null}'],
  ['a byte order mark', '\uFEFF{"resourceType":"Patient"}'],
  ['words after the end', '{"resourceType":"Patient"} and more'],
  ['a type of a thousand characters', `{"resourceType":"${'P'.repeat(1000)}"}`],
  ['a meta that is a text', '{"resourceType":"Patient","meta":"now"}'],
  [
    'a text of JavaScript',
    '{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><script>alert(1)</script></div>"}}',
  ],
]

/** The chapter. */
export const errors = chapter('errors', (check) => {
  for (const [rule, query] of strangeSearches) {
    check(`a search with ${rule} is answered or refused`, async (client) => {
      await survives(client, `/${query}`)
    })
  }
  for (const [rule, body] of strangeBodies) {
    check(`a body with ${rule} is stored or refused`, async (client) => {
      const answer = await post(client, body)
      assert.ok(answer.status < 500, `${answer.status} ${answer.text.slice(0, 300)}`)
      if (answer.status >= 400) answer.refused(answer.status)
      else await sameAgain(client, answer)
    })
  }
  check('a stored integer beyond 2^53 keeps its digits, or is refused', async (client) => {
    const text = JSON.stringify(observation(client, { valueQuantity: { value: 0 } }))
    const body = text.replace('"value":0', '"value":9007199254740993')
    const answer = await client.send('POST', '/Observation', { body })
    if (answer.status === 201) assert.match(answer.text, /9007199254740993/)
    else answer.refused(400, 422)
  })
  check('an unknown operation is refused', async (client) => {
    for (const path of ['/$nothing', '/Patient/$nothing', '/Patient/1/$nothing'])
      (await client.send('GET', path)).refused(400, 404, 405, 501)
  })
  check('a method that an address does not take is refused', async (client) => {
    ;(await client.send('PUT', '/metadata', { body: {} })).refused(404, 405, 400)
    ;(await client.send('DELETE', '/Patient/_history')).refused(404, 405, 400, 501)
  })
  check('an address far too long is refused', async (client) => {
    ;(await client.send('GET', `/Patient?name=${'x'.repeat(100_000)}`)).expect(400, 413, 414, 431)
  })
  check('an address with dots and slashes leads nowhere', async (client) => {
    for (const path of ['/Patient/..%2f..%2fetc', '/Patient//1', '/Patient/1/_history/1/2', '/Patient/1/2/3/4']) {
      const answer = await client.send('GET', path)
      assert.ok(answer.status >= 400 && answer.status < 500, `${path} → ${answer.status}`)
    }
  })
  check('a Bundle with ten thousand entries is answered or refused', async (client) => {
    const entries = Array.from({ length: 10_001 }, () => entry('GET', 'Patient/none'))
    const answer = await sendBundle(client, 'transaction', entries)
    assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status))
  })
  check('a batch with broken entries of every kind answers each', async (client) => {
    const broken = [
      null,
      1,
      'x',
      [],
      {},
      { request: null },
      { request: { method: 'GET' } },
      { request: { method: 'GET', url: 1 } },
    ]
    const answer = await sendBundle(client, 'batch', [...broken, entry('GET', `Patient?${ofRun(client)}`)])
    assert.ok(answer.status < 500, answer.text)
    if (answer.status === 200) assert.equal(statusesOf(answer).at(-1), 200)
  })
  check('a Bundle whose addresses are strange is answered or refused', async (client) => {
    const urls = [
      '',
      '/',
      '?',
      'Patient/../x',
      'http://elsewhere/Patient/1',
      '//Patient',
      'Patient?name=%00',
      'Patient/1/$everything',
      '%',
      'Patient/%00',
    ]
    const answer = await sendBundle(
      client,
      'batch',
      urls.map((url) => entry('GET', url)),
    )
    const statuses = statusesOf(answer.expect(200))
    assert.equal(statuses.length, urls.length)
    for (const status of statuses) assert.ok(status < 500, answer.text)
  })
  check('strange headers are no failure', async (client) => {
    const { id } = await client.create(patient(client))
    for (const headers of [
      { 'if-match': '*' },
      { 'if-none-match': '"' },
      { 'if-match': 'W/"1' },
      { 'if-none-exist': '?' },
      { 'if-none-exist': '%' },
      { 'if-none-exist': 'identifier=%00' },
      { prefer: ';;;=' },
      { 'if-modified-since': '9'.repeat(500) },
    ]) {
      const answer = await client.send('PUT', `/Patient/${id}`, { body: { ...patient(client), id }, headers })
      assert.ok(answer.status < 500, JSON.stringify(headers))
      const created = await client.send('POST', '/Patient', { body: patient(client), headers })
      assert.ok(created.status < 500, JSON.stringify(headers))
    }
  })
  check('a refusal does not repeat what the client sent at length', async (client) => {
    const answer = await client.send('GET', `/Patient?${'x'.repeat(400)}=1`, { headers: { prefer: 'handling=strict' } })
    assert.ok(String(partOf(answer.refused(400).at('issue.0'), 'diagnostics') ?? '').length < 1000)
  })
})
