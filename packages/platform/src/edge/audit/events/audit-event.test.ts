// AuditEvents are valid FHIR R4, the same each time, and claim an IHE BALP profile only when they have what it demands.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateResource } from '@xinglin/core/fhir/validation'
import fc from 'fast-check'
import { roles } from '../../../kernel/caller.ts'
import type { AuditEntry } from '../../../kernel/ports.ts'
import { type Payload, rowsOf } from '../trail/payload.ts'
import { callerOf, readOf } from '../under-test/trail.ts'
import { auditEventOf, isAskedFor } from './audit-event.ts'
import { intersect, parseDateRange } from './date-range.ts'

function eventOf(entry: AuditEntry, seq: number | null = 7) {
  const [row] = rowsOf(entry, 0)
  assert.ok(row)
  return auditEventOf({
    id: 12,
    recorded: new Date('2026-08-14T08:00:00.123Z'),
    seq,
    payload: JSON.parse(row.payload) as Payload,
  })
}

const errorsOf = (entry: AuditEntry) =>
  validateResource(eventOf(entry)).filter(({ severity }) => severity === 'error' || severity === 'fatal')

const interactions = [
  'read',
  'vread',
  'create',
  'update',
  'patch',
  'delete',
  'search-type',
  'history-instance',
  'transaction',
  'sign-in',
  'edge-refusal',
  'erase',
  'audit-proof',
]
const id = fc.stringMatching(/^[A-Za-z0-9.-]{1,20}$/)
const anyEntry: fc.Arbitrary<AuditEntry> = fc.record(
  {
    caller: fc.option(
      fc
        .record(
          {
            role: fc.constantFrom(...roles),
            actor: id,
            patient: id,
            address: fc.constantFrom('10.0.0.7', '::1', 'ward-7.local'),
          },
          { requiredKeys: ['role'] },
        )
        .map(({ role, actor, ...rest }) => {
          const { address: _address, ...caller } = callerOf(role)
          return { ...caller, ...rest, ...(actor === undefined ? {} : { actor: `Practitioner/${actor}` }) }
        }),
      { nil: undefined },
    ),
    action: fc.constantFrom('C', 'R', 'U', 'D', 'E'),
    interaction: fc.constantFrom(...interactions),
    outcome: fc.constantFrom('success', 'refused', 'failed'),
    status: fc.integer({ min: 100, max: 599 }),
    entities: fc.array(
      fc.oneof(
        id.map((text) => `Patient/${text}`),
        id.map((text) => `Observation/${text}/_history/3`),
        fc.constant('not a reference'),
      ),
      { maxLength: 4 },
    ),
    patients: fc.array(id, { maxLength: 3 }),
    query: fc.string({ minLength: 1 }),
    traceId: fc.stringMatching(/^[0-9a-f]{32}$/),
    reason: fc.constantFrom('forbidden', 'medication-dispense.quantity-left'),
  },
  { requiredKeys: ['caller', 'action', 'interaction', 'outcome'] },
)

test('every entry becomes a valid AuditEvent', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      assert.deepEqual(errorsOf(entry), [])
    }),
    { numRuns: 500 },
  )
})

test('the same entry gives the same resource', () => {
  assert.deepEqual(eventOf(readOf('p')), eventOf(readOf('p')))
})

test('outcomes are those of the value set', () => {
  for (const [outcome, code] of [
    ['success', '0'],
    ['refused', '4'],
    ['failed', '8'],
  ] as const) {
    assert.equal(eventOf({ ...readOf('p'), outcome }).outcome, code)
  }
})

test('a query stands in its entity in base64, in any language', () => {
  const event = eventOf({
    ...readOf('p'),
    action: 'E',
    interaction: 'search-type',
    query: 'Patient?name=李四&_count=5',
  })
  const entities = event.entity as readonly { readonly query?: string }[]
  const query = entities.find((entity) => entity.query !== undefined)?.query ?? ''
  assert.equal(Buffer.from(query, 'base64').toString('utf8'), 'Patient?name=李四&_count=5')
})

test('a profile is claimed with its client, server, data and patient, and not without', () => {
  const profileOf = (change: Partial<AuditEntry>): unknown => eventOf({ ...readOf('p'), ...change }).meta?.profile?.[0]
  const balp = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.'
  assert.equal(profileOf({}), `${balp}PatientRead`)
  assert.equal(profileOf({ patients: [] }), `${balp}Read`)
  assert.equal(profileOf({ action: 'D', interaction: 'delete' }), `${balp}PatientDelete`)
  assert.equal(profileOf({ action: 'E', interaction: 'search-type', query: 'Patient?x' }), `${balp}PatientQuery`)
  for (const change of [
    { patients: ['a', 'b'] },
    { entities: [] },
    { outcome: 'refused' },
    { interaction: 'transaction' },
    { caller: undefined },
  ] as const) {
    assert.equal(profileOf(change), undefined)
  }
})

test('a person is the user beside the client; a program is the client alone', () => {
  const agentsOf = (entry: AuditEntry) => eventOf(entry).agent as readonly { readonly requestor: boolean }[]
  assert.deepEqual(
    agentsOf(readOf('p')).map(({ requestor }) => requestor),
    [false, false, true],
  )
  assert.deepEqual(
    agentsOf({ ...readOf('p'), caller: callerOf('system') }).map(({ requestor }) => requestor),
    [true, false],
  )
})

test('a hash that collides shows nothing that was not asked for', () => {
  const [row] = rowsOf({ ...readOf('p'), entities: ['Observation/o/_history/2'] }, 0)
  const payload = JSON.parse(row?.payload ?? '') as Payload
  assert.ok(isAskedFor(payload, { patient: 'p', agent: 'dr-chen', entity: 'Observation/o' }))
  assert.ok(!isAskedFor(payload, { patient: 'q' }))
  assert.ok(!isAskedFor(payload, { agent: 'dr-li' }))
  assert.ok(!isAskedFor(payload, { entity: 'Observation/other' }))
})

test('a date means a stretch of time, a prefix one side of it', () => {
  const day = { from: new Date('2026-08-14T00:00:00Z'), to: new Date('2026-08-15T00:00:00Z') }
  assert.deepEqual(parseDateRange('2026-08-14'), day)
  assert.deepEqual(parseDateRange('eq2026-08-14'), day)
  assert.deepEqual(parseDateRange('ge2026-08-14'), { from: day.from })
  assert.deepEqual(parseDateRange('gt2026-08-14'), { from: day.to })
  assert.deepEqual(parseDateRange('le2026-08-14'), { to: day.to })
  assert.deepEqual(parseDateRange('lt2026-08-14'), { to: day.from })
  assert.deepEqual(parseDateRange('2026'), {
    from: new Date('2026-01-01T00:00:00Z'),
    to: new Date('2027-01-01T00:00:00Z'),
  })
  assert.deepEqual(parseDateRange('2026-12'), {
    from: new Date('2026-12-01T00:00:00Z'),
    to: new Date('2027-01-01T00:00:00Z'),
  })
  assert.deepEqual(parseDateRange('2026-08-14T08:00+08:00').from, day.from)
  assert.deepEqual(parseDateRange('2026-08-14T00:00:00.5Z').from, new Date('2026-08-14T00:00:00.500Z'))
  assert.deepEqual(intersect(['ge2026', 'lt2027'].map(parseDateRange)), parseDateRange('2026'))
  for (const wrong of [
    '',
    'now',
    'ge',
    '26-08-14',
    '2026-13',
    '2026-02-30',
    '2026-08-14T25:00',
    '2026-08-14T08',
    'ap2026',
    '0000-00',
  ]) {
    assert.throws(() => parseDateRange(wrong), { code: 'invalid-parameter' }, wrong)
  }
})
