// What the registry refuses, and with which words; and that no mutated request makes it fail.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { startOwnRegistry } from '../../../../../conformance/registry/own-registry.ts'

const own = await startOwnRegistry()
after(() => own.close())
const { client } = own

const http = { HTTP: 'http://127.0.0.1:1/', Interval: '1s' }
const service = (fields: unknown): string => JSON.stringify({ Name: 'x', ...(fields as object) })
const check = (fields: unknown): string => service({ Check: fields })
const list = (length: number, item: unknown): readonly unknown[] => Array.from({ length }, () => item)

// body of a registration, what the refusal must say
const registrations: readonly (readonly [string, RegExp])[] = [
  ['', /the body must be an object/],
  ['{', /not valid JSON/],
  ['{"Name":"x","Port":NaN}', /not valid JSON/],
  ['{"Name":"x","Port":Infinity}', /not valid JSON/],
  ['[]', /the body must be an object/],
  ['"x"', /the body must be an object/],
  ['null', /the body must be an object/],
  [`${'['.repeat(20_000)}${']'.repeat(20_000)}`, /nested deeper than 12/],
  [JSON.stringify({ Name: 'x', Meta: { a: '\u0000' } }), /Meta\.a must not hold control characters/],
  ['{"Name":"x","Tags":["\\ud800"]}', /Tags\[0\] must not hold control characters/],
  ['{}', /^Missing service name$/],
  ['{"Name":""}', /^Missing service name$/],
  ['{"Name":5}', /Name must be a text/],
  ['{"Name":"a","name":"b"}', /name is given twice/],
  ['{"Name":"a\\nb"}', /Name must not hold control characters/],
  [JSON.stringify({ Name: 'n'.repeat(257) }), /Name must have 0 to 256 characters/],
  [service({ Prot: 80 }), /Prot is not a known field/],
  [service({ Port: '80' }), /Port must be a whole number from 0 to 65535/],
  [service({ Port: -1 }), /Port must be a whole number/],
  [service({ Port: 65_536 }), /Port must be a whole number/],
  [service({ Port: 1.5 }), /Port must be a whole number/],
  ['{"Name":"x","Port":1e400}', /Port must be a whole number/],
  [service({ Address: '0.0.0.0' }), /^Invalid service address$/],
  [service({ Address: '::' }), /^Invalid service address$/],
  [service({ Address: 'a b' }), /Address must be an IP address or a host name/],
  [service({ Address: 'http://x' }), /Address must be an IP address or a host name/],
  [service({ Tags: 'a' }), /Tags must be a list/],
  [service({ Tags: [1] }), /Tags\[0\] must be a text/],
  [service({ Tags: list(65, 't') }), /Tags must have at most 64 items/],
  [service({ Meta: [] }), /Meta must be an object/],
  [service({ Meta: { a: 1 } }), /Meta\.a must be a text/],
  [service({ Meta: { 'a b': '1' } }), /Meta\.a b must be letters/],
  [service({ Meta: { 'consul-x': '1' } }), /not beginning with consul-/],
  [service({ Weights: { Passing: 0 } }), /Weights\.Passing must be a whole number from 1/],
  [service({ EnableTagOverride: 'yes' }), /EnableTagOverride must be true or false/],
  [service({ Kind: 'connect-proxy' }), /Kind is not supported/],
  [service({ Connect: { Native: true } }), /Connect is not supported/],
  [service({ Check: 'ttl' }), /Check must be an object/],
  [service({ Checks: {} }), /Checks must be a list/],
  [service({ Checks: list(17, { TTL: '1s' }) }), /Checks must have at most 16 items/],
  [service({ Checks: list(2, { CheckID: 'c', TTL: '1s' }) }), /two checks of the service have the same CheckID/],
  [check({ Name: 'only' }), /one of HTTP, TCP or TTL > 0/],
  [check({ HTTP: 'http://127.0.0.1' }), /Interval must be > 0/],
  [check({ ...http, Interval: '5x' }), /Check\.Interval must be a duration/],
  [check({ ...http, Interval: '-5s' }), /Check\.Interval must be from 0s/],
  [check({ ...http, Interval: true }), /Check\.Interval must be a duration/],
  [check({ ...http, Timeout: '2m' }), /Check\.Timeout must be from 0s to 60s/],
  [check({ ...http, TTL: '5s' }), /Interval and TTL cannot both/],
  [check({ ...http, TCP: '127.0.0.1:1' }), /HTTP and TCP cannot both/],
  [check({ ...http, HTTP: 'file:///etc/passwd' }), /begins with http:/],
  [check({ ...http, HTTP: 'not an address' }), /begins with http:/],
  [check({ ...http, Method: 'DELETE' }), /Method must be one of/],
  [check({ ...http, Header: { 'X-A': 'text' } }), /Header\.X-A must be a list/],
  [check({ ...http, Header: { 'X-A': ['a\r\nb'] } }), /Header\.X-A must be a list of printable texts/],
  [check({ ...http, Header: { 'Content-Length': ['1'] } }), /Header\.Content-Length cannot be set/],
  [check({ ...http, Status: 'well' }), /Invalid check status: 'well'/],
  [check({ ...http, FailuresBeforeCritical: -1 }), /FailuresBeforeCritical must be a whole number/],
  [check({ TCP: '127.0.0.1', Interval: '1s' }), /TCP must be host:port/],
  [check({ TCP: '127.0.0.1:99999', Interval: '1s' }), /TCP must be host:port/],
  [check({ Args: ['/bin/sh', '-c', 'true'], Interval: '1s', TTL: '' }), /one of HTTP, TCP or TTL/],
  [check({ ...http, Args: ['/bin/sh'] }), /Check\.Args is not supported/],
  [check({ ...http, GRPC: '127.0.0.1:1' }), /Check\.GRPC is not supported/],
]

describe('registrations that are refused', () => {
  for (const [body, says] of registrations) {
    test(`${body.slice(0, 70)} …`, async () => {
      const { status, text, headers } = await client.put('/v1/agent/service/register', body)
      assert.equal(status, 400, text)
      assert.match(text, says)
      assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8')
    })
  }

  test('nothing of them was kept', async () => {
    assert.deepEqual((await client.get('/v1/agent/services')).json(), {})
    assert.deepEqual((await client.get('/v1/agent/checks')).json(), {})
  })
})

// method, address, body, status, what it says
type Refused = readonly ['get' | 'put' | 'delete', string, unknown, number, RegExp]
const calls: readonly Refused[] = [
  ['get', '/v1/kv/', undefined, 400, /Missing key name/],
  ['get', `/v1/kv/${'k'.repeat(1025)}`, undefined, 400, /longer than 1024 bytes/],
  ['put', `/v1/kv/${encodeURIComponent('值'.repeat(342))}`, 'x', 400, /longer than 1024 bytes/],
  ['put', '/v1/kv/a%00b', 'x', 400, /NUL/],
  ['get', '/v1/kv/a%2', undefined, 400, /well encoded/],
  ['get', '/v1/kv/a%ff', undefined, 400, /well encoded/],
  ['get', `/v1/kv/${'k'.repeat(5000)}`, undefined, 400, /longer than 4096/],
  ['put', '/v1/kv/a?cas=-1', 'x', 400, /\?cas/],
  ['put', '/v1/kv/a?cas=1.5', 'x', 400, /\?cas/],
  ['put', '/v1/kv/a?cas=99999999999999999999', 'x', 400, /\?cas/],
  ['put', '/v1/kv/a?flags=18446744073709551616', 'x', 400, /\?flags/],
  ['put', '/v1/kv/a?flags=x', 'x', 400, /\?flags/],
  ['put', '/v1/kv/a?cas=1&acquire=x', 'x', 400, /Conflicting flags: cas, acquire/],
  ['put', '/v1/kv/a?acquire=not-a-session', 'x', 500, /invalid session "not-a-session"/],
  ['put', '/v1/kv/a?typo=1', 'x', 400, /"typo" is not known/],
  ['delete', '/v1/kv/a?cas=1&recurse', undefined, 400, /Conflicting flags/],
  ['get', '/v1/kv/a?raw=maybe', undefined, 400, /\?raw/],
  ['get', `/v1/kv/a?keys&separator=${'/'.repeat(65)}`, undefined, 400, /\?separator/],
  ['get', '/v1/health/service/web?tag=%00', undefined, 400, /query must not hold the character NUL/],
  ['put', '/v1/agent/check/pass/a%00', undefined, 400, /path must not hold the character NUL/],
  ['get', '/v1/catalog/services?index=x', undefined, 400, /^Invalid index$/],
  ['get', '/v1/catalog/services?index=-1', undefined, 400, /^Invalid index$/],
  ['get', '/v1/catalog/services?index=1&wait=x', undefined, 400, /^Invalid wait time$/],
  ['get', '/v1/catalog/services?index=1&wait=-1s', undefined, 400, /^Invalid wait time$/],
  ['get', '/v1/catalog/services?index=1&index=2', undefined, 400, /"index" is given twice/],
  ['get', '/v1/catalog/services?stale&consistent', undefined, 400, /\?stale with \?consistent/],
  ['get', '/v1/catalog/services?dc=dc2', undefined, 500, /^No path to datacenter$/],
  ['get', '/v1/catalog/services?partition=p', undefined, 400, /"partition" is not supported/],
  ['get', `/v1/catalog/services?${'a&'.repeat(40)}`, undefined, 400, /at most 32 parameters|given twice/],
  ['get', '/v1/health/service/', undefined, 400, /Missing service/],
  ['get', '/v1/health/service/web?passing=maybe', undefined, 400, /\?passing/],
  ['get', '/v1/health/service/web?filter=bogus', undefined, 400, /there is no field bogus/],
  ['get', '/v1/health/service/web?filter=Service.Port==x', undefined, 400, /whole number/],
  ['get', '/v1/health/service/web?filter=Service.Tags==x', undefined, 400, /cannot be compared/],
  ['get', '/v1/health/service/web?filter=Service.ID+matches+x', undefined, 400, /regular expressions/],
  ['get', '/v1/health/service/web?filter=(Service.ID==x', undefined, 400, /at the end: "\)" is expected/],
  ['get', '/v1/health/service/web?filter=Service.ID==x+y', undefined, 400, /"and" or "or" is expected/],
  ['get', `/v1/health/service/web?filter=${'('.repeat(20)}`, undefined, 400, /nested 16 deep/],
  ['get', `/v1/health/service/web?filter=${'x'.repeat(1025)}`, undefined, 400, /longer than 1024/],
  ['get', '/v1/health/state/well', undefined, 400, /Invalid check status: 'well'/],
  ['put', '/v1/agent/check/register', { TTL: '1s' }, 400, /Missing check name/],
  ['put', '/v1/agent/check/register', { Name: 'c', TTL: '1s', ServiceID: 'none' }, 404, /"none" does not exist/],
  ['put', '/v1/agent/check/pass/none', undefined, 404, /Unknown check ID "none"/],
  ['put', '/v1/agent/service/maintenance/none', undefined, 400, /Missing value for enable/],
  ['put', '/v1/agent/service/maintenance/none?enable=x', undefined, 400, /\?enable/],
  ['put', '/v1/session/create', { TTL: '25h' }, 400, /Invalid Session TTL '25h'/],
  ['put', '/v1/session/create', { TTL: 'x' }, 400, /Invalid Session TTL/],
  ['put', '/v1/session/create', { Behavior: 'explode' }, 400, /Invalid Behavior setting 'explode'/],
  ['put', '/v1/session/create', { LockDelay: '1h' }, 400, /LockDelay must be from/],
  ['put', '/v1/session/create', { LockDelay: -1 }, 400, /LockDelay must be from/],
  ['put', '/v1/session/create', { Node: 'elsewhere' }, 400, /Missing node registration/],
  ['put', '/v1/session/create', { Checks: ['none'] }, 400, /Missing check 'none'/],
  ['put', '/v1/session/create', { Checks: 'none' }, 400, /Checks must be a list/],
  ['put', '/v1/session/create', { Extra: 1 }, 400, /Extra is not a known field/],
  ['put', '/v1/session/renew/none', undefined, 404, /Session id 'none' not found/],
  ['put', '/v1/agent/service/register', 'x'.repeat(65_537), 413, /too large/],
  ['get', '/v2/kv/a', undefined, 404, /not a recognized HTTP API endpoint/],
  ['get', '/', undefined, 404, /not a recognized/],
  ['delete', '/v1/agent/services', undefined, 405, /method DELETE not allowed/],
]

describe('calls that are refused', () => {
  for (const [method, path, body, status, says] of calls) {
    test(`${method} ${path.slice(0, 80)} ${JSON.stringify(body)?.slice(0, 40) ?? ''}`, async () => {
      const answer = method === 'put' ? await client.put(path, body) : await client[method](path)
      assert.equal(answer.status, status, answer.text)
      assert.match(answer.text, says)
    })
  }
})

const word = fc.constantFrom(
  ...[
    'v1',
    'kv',
    'agent',
    'service',
    'register',
    'health',
    'catalog',
    'services',
    'session',
    'create',
    'info',
    'check',
  ],
  ...[
    'pass',
    'update',
    'status',
    'leader',
    '..',
    '',
    '%',
    '%00',
    '%2f',
    'a',
    '值',
    "'",
    '*',
    ':id',
    'state',
    'any',
    'self',
  ],
)
const known = fc.constantFrom(
  ...['', '/v1/kv', '/v1/agent/service/register', '/v1/agent/service/deregister', '/v1/agent/check', '/v1/agent'],
  ...['/v1/health/service', '/v1/health/state', '/v1/catalog', '/v1/session', '/v1/session/create', '/v1/status'],
)
const option = fc.constantFrom(
  ...[
    'index=0',
    'wait=1ms',
    'recurse',
    'keys',
    'raw',
    'cas=0',
    'cas=x',
    'flags=1',
    'acquire=x',
    'filter=%22',
    'pretty',
  ],
  ...['separator=/', 'passing', 'tag=a', 'dc=dc1', 'enable=true', 'note=%00', 'filter=a.b[', '__proto__=1', '=', '&&'],
)

test('mutated requests are answered, and never with a fault of ours', async () => {
  const request = fc.record({
    method: fc.constantFrom('get', 'put', 'delete'),
    start: known,
    path: fc.array(word, { maxLength: 3 }),
    query: fc.array(option, { maxLength: 4 }),
    body: fc.oneof(fc.json({ maxDepth: 4 }), fc.string({ unit: 'binary' }), fc.constant('{"Name":"x","__proto__":{}}')),
  })
  const answered = await fc
    .sample(request, { numRuns: 2000, seed: 8500 })
    .reduce(async (before, { method, start, path, query, body }) => {
      const counts = await before
      const address = `${start}/${path.join('/')}?${query.join('&')}`
      const answer = await (method === 'put'
        ? client.put(address, body)
        : method === 'get'
          ? client.get(address)
          : client.delete(address))
      const isFault = answer.status >= 500 && !/invalid session|No path to datacenter/.test(answer.text)
      assert.ok(!isFault, `${method} ${address} ${body}: ${answer.status} ${answer.text}`)
      return counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1)
    }, Promise.resolve(new Map<number, number>()))
  assert.ok((answered.get(200) ?? 0) > 20 && (answered.get(400) ?? 0) > 20, JSON.stringify([...answered]))
})
