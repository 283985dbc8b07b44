// Filters of the trail: whole days where the reader is, and nothing that was typed by hand and means nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditPath, isAuditNarrowed } from './audit-search.ts'

const pairs = (path: string) => [...new URLSearchParams(path.slice(path.indexOf('?')))]

test('searches whole days where the reader is', () => {
  const found = pairs(auditPath({ from: '2026-03-01', to: '2026-03-01' })).filter(([name]) => name === 'date')
  const start = new Date(2026, 2, 1).toISOString()
  assert.deepEqual(found[0], ['date', `ge${start}`])
  assert.equal(found[1]?.[1], `lt${new Date(2026, 2, 2).toISOString()}`)
})

test('drops what means nothing', () => {
  assert.equal(auditPath({ action: 'X', outcome: 'maybe', from: 'soon', to: '2026-13-45' }), auditPath({}))
  assert.equal(isAuditNarrowed({ event: '5', agent: ' ' }), false)
  assert.equal(isAuditNarrowed({ patient: 'p1' }), true)
})
