// AuditEvents become rows; what is missing stays missing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditEvent } from '../../api/fhir.ts'
import { viewOf } from './audit-view.ts'

const event: AuditEvent = {
  resourceType: 'AuditEvent',
  id: '12',
  recorded: '2026-01-01T00:00:00Z',
  action: 'E',
  outcome: '4',
  outcomeDesc: 'forbidden',
  subtype: [{ code: 'search-type' }],
  extension: [
    { url: 'urn:xinglin:audit:seq', valueDecimal: 0 },
    { url: 'urn:xinglin:audit:http-status', valueInteger: 403 },
  ],
  agent: [
    { who: { identifier: { value: 'operator-sun' } }, requestor: false, network: { address: '10.0.0.1' } },
    { who: { display: 'Xinglin' }, requestor: false, network: { address: 'xinglin' } },
    { name: 'Sun Tao', altId: 'operator-sun', requestor: true, role: [{ coding: [{ code: 'operator' }] }] },
  ],
  entity: [
    { what: { reference: 'Patient/p1' }, role: { code: '4' } },
    { what: { reference: 'Patient/p1' }, role: { code: '1' } },
    { query: Buffer.from('/fhir/Patient?name=%E5%BC%A0').toString('base64'), role: { code: '24' } },
    { what: { identifier: { value: 'trace' } } },
  ],
}

test('shows who did what to whose record, from where, and how it ended', () => {
  assert.deepEqual(viewOf(event), {
    id: '12',
    seq: 0,
    recorded: '2026-01-01T00:00:00Z',
    action: 'E',
    interaction: 'search-type',
    outcome: 'refused',
    reason: 'forbidden',
    status: 403,
    agent: 'Sun Tao',
    subject: 'operator-sun',
    roles: ['operator'],
    emergency: undefined,
    address: '10.0.0.1',
    patients: ['p1'],
    entities: ['Patient/p1'],
    query: '/fhir/Patient?name=张',
    traceId: 'trace',
  })
})

test('keeps a query that cannot be decoded, and counts an unknown outcome as failed', () => {
  const view = viewOf({ resourceType: 'AuditEvent', id: '1', entity: [{ query: '%%%' }] })
  assert.deepEqual([view.query, view.outcome, view.agent, view.patients], ['%%%', 'failed', undefined, []])
})
