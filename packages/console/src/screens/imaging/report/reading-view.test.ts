// When a draft can be signed, by whom, and how far a reading is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Nodule, Reading } from './reading-api.ts'
import { countDecisions, isUnderWay, progressShare, signObstacle } from './reading-view.ts'

const nodule = (number: number, decision: Nodule['decision']): Nodule => ({
  ...{ number, decision, longAxisMm: 9, shortAxisMm: 8, volumeMm3: 300, meanHu: 20, confidence: 0.9 },
  ...{ density: 'solid', side: 'left' },
  evidence: { peakProbability: 1, firstSlice: 1, lastSlice: 3, axesInstance: null },
})

const reading = (nodules: readonly Nodule[], more: Partial<Reading> = {}): Reading => ({
  ...{ id: 'r', study: '1', series: '2', state: 'ready', report: null, signed: null, signedBy: null, version: 1 },
  progress: { step: 'done', done: 0, total: 0, isCancelling: false },
  model: { name: 'm', version: '1' },
  nodules,
  ...more,
})

test('lets a radiologist sign when every mark is decided, and nobody else', () => {
  const decided = reading([nodule(1, 'accepted'), nodule(2, 'rejected')])
  assert.equal(signObstacle(decided, ['radiologist']), undefined)
  assert.equal(signObstacle(decided, ['clinician']), 'not-radiologist')
  assert.equal(signObstacle(reading([nodule(1, 'open')]), ['radiologist']), 'open-nodules')
  assert.equal(signObstacle(reading([]), ['radiologist']), undefined)
})

test('counts decisions', () => {
  const nodules = [nodule(1, 'open'), nodule(2, 'rejected'), nodule(3, 'rejected')]
  assert.deepEqual(countDecisions(nodules), { open: 1, accepted: 0, rejected: 2 })
})

test('knows what is under way and how far', () => {
  assert.ok(isUnderWay({ state: 'queued' }) && isUnderWay({ state: 'running' }) && !isUnderWay({ state: 'failed' }))
  const progress = { step: 'marking', done: 3, total: 12, isCancelling: false } as const
  assert.equal(progressShare({ progress }), 0.25)
  assert.equal(progressShare({ progress: { ...progress, total: 0 } }), 0)
})
