// Route choice and request targets: the compiled table agrees with trying every rule in order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRequestTarget } from './request-target.ts'
import { compareRules, createRouteTable, type RouteRule, ruleAccepts } from './route-table.ts'

const rule = (prefix: string, more: Partial<RouteRule<string>> = {}): RouteRule<string> => ({
  id: prefix,
  hosts: [],
  methods: [],
  prefix,
  isWholeSegments: true,
  rank: 0,
  target: prefix,
  ...more,
})
const find = (rules: readonly RouteRule<string>[], path: string, method = 'GET', host = 'localhost') =>
  createRouteTable(rules).match({ host, method, path })?.target

test('the longest prefix wins, on whole segments', () => {
  const rules = [rule('/fhir'), rule('/fhir/Patient'), rule('/')]
  assert.equal(find(rules, '/fhir/Patient/1'), '/fhir/Patient')
  assert.equal(find(rules, '/fhir/Patients'), '/fhir')
  assert.equal(find(rules, '/fhir/Patient/'), '/fhir/Patient')
  assert.equal(find(rules, '/other'), '/')
  assert.equal(find([rule('/fhir')], '/fhirx'), undefined)
})

test("a prefix of Kong's kind matches any text that begins with it", () => {
  assert.equal(find([rule('/api/v1', { isWholeSegments: false })], '/api/v1x'), '/api/v1')
})

test('hosts and methods narrow a route, and the narrower wins', () => {
  const rules = [
    rule('/a', { id: '1', target: 'any' }),
    rule('/a', { id: '2', target: 'post', methods: ['POST'] }),
    rule('/a', { id: '3', target: 'host', hosts: ['*.example.org'] }),
  ]
  assert.equal(find(rules, '/a'), 'any')
  assert.equal(find(rules, '/a', 'POST'), 'post')
  assert.equal(find(rules, '/a', 'GET', 'x.example.org'), 'host')
  assert.equal(find(rules, '/a', 'GET', 'example.org'), 'any')
})

test('law: the table finds what trying every rule in order finds', () => {
  const segment = fc.constantFrom('a', 'b', 'ab')
  const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
  const rules = fc.array(
    fc.record({
      prefix: path,
      isWholeSegments: fc.boolean(),
      methods: fc.subarray(['GET', 'POST']),
      hosts: fc.subarray(['one', '*.two']),
      rank: fc.constantFrom(0, 1),
    }),
    { maxLength: 12 },
  )
  const request = fc.record({
    path,
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    host: fc.constantFrom('one', 'x.two', 'three'),
  })
  fc.assert(
    fc.property(rules, request, (drawn, asked) => {
      const all = drawn.map((one, index) => rule(one.prefix, { ...one, id: `r${index}` }))
      const naive = all.toSorted(compareRules).find((one) => ruleAccepts(one, asked))
      assert.equal(createRouteTable(all).match(asked)?.id, naive?.id)
    }),
    { numRuns: 500 },
  )
})

test('a target that could be read in two ways is refused', () => {
  for (const url of [
    'http://x/a',
    '*',
    '/a/../b',
    '/a/%2e%2E/b',
    '/a/.',
    '/a%2Fb',
    '/a%5cb',
    '/a\\b',
    '/a%00',
    '/a%',
  ]) {
    assert.equal(parseRequestTarget(url), undefined, url)
  }
})

test('escaped unreserved characters are decoded for matching only', () => {
  assert.deepEqual(parseRequestTarget('/%66hir/Patient?name=%2e.'), {
    path: '/%66hir/Patient',
    matchPath: '/fhir/Patient',
    query: '?name=%2e.',
  })
})
