// What map and timeline are drawn from: no rounding up, every service placed once, minutes and bands where they belong.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Experiment, MappedService } from '../../api/chaos.ts'
import type { Target } from '../../api/targets.ts'
import { bandsOf, calledBy, drawing, minuteBars, percentText, placesOf, worstFirst } from './operations-view.ts'

const service = (name: string, more: Partial<MappedService> = {}): MappedService => ({
  ...{
    name,
    replicas: 1,
    isHere: true,
    reasons: [],
    requests: 0,
    success: null,
    p50Ms: null,
    p99Ms: null,
    minutes: [],
  },
  ...more,
})
const nowMs = Date.parse('2026-03-01T10:00:30Z')

test('a missed goal is never rounded to a met one', () => {
  assert.deepEqual([0.99899, 0.999, 1, 0].map(percentText), ['99.89 %', '99.90 %', '100.00 %', '0.00 %'])
})

test('every service has a place of its own inside the drawing, the gateway above', () => {
  const names = ['registry', 'audit', 'patient', 'emr', 'pharmacy', 'gateway']
  const places = placesOf(names.map((name) => service(name)))
  assert.equal(new Set(places.map(({ x, y }) => `${x} ${y}`)).size, names.length)
  assert.ok(places.every(({ x }) => x >= 0 && x + drawing.boxWidth <= drawing.width))
  const top = places.find(({ name }) => name === 'gateway')?.y ?? 0
  assert.ok(places.every(({ name, y }) => name === 'gateway' || y > top + drawing.boxHeight))
  const [ill, lost] = placesOf([service('emr', { reasons: ['x'] }), service('triage', { replicas: 0 })])
  assert.deepEqual([ill?.isWell, lost?.isWell], [false, false])
})

test('calls are told by who makes them', () => {
  const calls = [
    { from: 'gateway', to: 'emr' },
    { from: 'gateway', to: 'audit' },
    { from: 'emr', to: 'audit' },
  ]
  assert.deepEqual(calledBy('gateway', { services: [], calls }), ['audit', 'emr'])
})

test('minutes of all services add up, and what is older than an hour is left out', () => {
  const minutes = [
    { at: '2026-03-01T10:00:00Z', requests: 5, failed: 1 },
    { at: '2026-03-01T09:58:00Z', requests: 2, failed: 0 },
    { at: '2026-03-01T08:00:00Z', requests: 9, failed: 9 },
  ]
  const map = {
    services: [service('emr', { minutes }), service('patient', { minutes: minutes.slice(0, 1) })],
    calls: [],
  }
  const bars = minuteBars(map, nowMs)
  assert.deepEqual(bars[0], { ago: 0, requests: 10, failed: 2 })
  assert.deepEqual(bars[2], { ago: 2, requests: 2, failed: 0 })
  assert.equal(
    bars.reduce((sum, { requests }) => sum + requests, 0),
    12,
  )
})

test('an experiment is a band; one that runs reaches until now, an old one is none', () => {
  const experiment = (startedAt: string, endedAt: string | null): Experiment => ({
    ...{ id: startedAt, name: 'x', kind: 'NetworkChaos', title: 'X', state: 'held', reason: null },
    ...{ startedBy: 'operator', place: 'stage', startedAt, endedAt },
  })
  const bands = bandsOf(
    [
      experiment('2026-03-01T09:50:30Z', '2026-03-01T09:51:00Z'),
      experiment('2026-03-01T09:59:30Z', null),
      experiment('2026-03-01T08:00:00Z', '2026-03-01T08:30:00Z'),
    ],
    nowMs,
  )
  assert.deepEqual(
    bands.map(({ fromAgo, toAgo }) => [fromAgo, toAgo]),
    [
      [10, 9.5],
      [1, 0],
    ],
  )
})

test('targets that something is amiss with stand first, those in the gateway’s process last', () => {
  const target = (service: string, more: Partial<Target>): Target => ({
    ...{ service, kind: 'instance', address: 'a:1', upstream: null, version: null, health: 'healthy' },
    ...{ circuit: 'closed', isInUse: true, underWay: 0, share: null },
    ...more,
  })
  const targets = [
    target('here', { kind: 'local' }),
    target('well', {}),
    target('tried', { circuit: 'half-open' }),
    target('off', { isInUse: false }),
    target('ill', { health: 'unhealthy' }),
  ]
  assert.deepEqual(
    worstFirst(targets).map(({ service: name }) => name),
    ['tried', 'off', 'ill', 'well', 'here'],
  )
})
