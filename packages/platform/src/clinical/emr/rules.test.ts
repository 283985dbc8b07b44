// The state machines of Encounter and ServiceRequest.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, RuleView } from '../../records/types.ts'
import { emrRules } from './rules.ts'

const nothing: RuleView = { record: () => undefined, deleted: () => undefined, referrers: () => [] }

function move(type: string, from: string | undefined, to: string | undefined) {
  const resource = (status: string | undefined) =>
    status === undefined ? undefined : { resourceType: type, id: '1', status }
  const kind = from === undefined ? 'create' : to === undefined ? 'delete' : 'update'
  const change: Change = {
    kind,
    type,
    id: '1',
    before: resource(from),
    after: resource(to),
    isRevival: false,
    now: new Date(0),
  }
  return emrRules.filter((rule) => rule.types.includes(type)).flatMap((rule) => rule.check(change, nothing))
}

test('lets an encounter move forward', () => {
  assert.deepEqual(move('Encounter', 'planned', 'arrived'), [])
  assert.deepEqual(move('Encounter', 'in-progress', 'finished'), [])
  assert.deepEqual(move('Encounter', 'in-progress', 'in-progress'), [])
})

test('refuses to reopen a finished encounter and says which status may follow', () => {
  const [issue] = move('Encounter', 'finished', 'in-progress')
  assert.equal(issue?.rule, 'encounter.status')
  assert.equal(issue?.expression, 'Encounter.status')
  assert.match(issue?.diagnostics ?? '', /"finished" and cannot become "in-progress": it may become entered-in-error/)
})

test('refuses to cancel an encounter that has begun', () => {
  assert.equal(move('Encounter', 'in-progress', 'cancelled').length, 1)
})

test('marks anything entered in error, and takes nothing back from there', () => {
  assert.deepEqual(move('Encounter', 'finished', 'entered-in-error'), [])
  assert.match(move('Encounter', 'entered-in-error', 'planned')[0]?.diagnostics ?? '', /nothing may follow/)
})

test('imports history in whatever status it has', () => {
  assert.deepEqual(move('Encounter', undefined, 'finished'), [])
  assert.deepEqual(move('ServiceRequest', undefined, 'completed'), [])
  assert.deepEqual(move('Encounter', 'unknown', 'finished'), [])
})

test('keeps a completed order completed', () => {
  assert.deepEqual(move('ServiceRequest', 'active', 'completed'), [])
  assert.equal(move('ServiceRequest', 'completed', 'active')[0]?.rule, 'service-request.status')
  assert.equal(move('ServiceRequest', 'revoked', 'active').length, 1)
})

test('goes on from the status a record had before it was deleted', () => {
  const [rule] = emrRules
  const after = { resourceType: 'Encounter', id: '1', status: 'in-progress' }
  const change: Change = {
    ...{ kind: 'create', type: 'Encounter', id: '1', before: undefined, after, isRevival: true, now: new Date(0) },
  }
  assert.deepEqual(rule?.reads?.(change), [{ kind: 'deleted', reference: 'Encounter/1' }])
  const view = (status: string): RuleView => ({ ...nothing, deleted: () => ({ ...after, status }) })
  assert.equal(rule?.check(change, view('finished')).length, 1)
  assert.deepEqual(rule?.check(change, view('arrived')), [])
})

test('lets a record be deleted in any status', () => {
  assert.deepEqual(move('Encounter', 'finished', undefined), [])
})
