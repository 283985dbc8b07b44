// Figures and words of federations as the screen shows them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FederationDetail, FederationRound } from '../../api/federations.ts'
import { bytesText, courseOf, droppedFrom, eventWords, figure, siteRows } from './federation-view.ts'
import { federationText } from './text.ts'

const federation: FederationDetail = {
  id: 'f',
  name: 'icu',
  state: 'running',
  plan: { strategy: { kind: 'fedavg' }, rounds: 3, minSites: 2, metric: 'auc' },
  reason: null,
  bestRound: 1,
  bestValue: 0.7,
  registered: null,
  createdAt: '2026-01-01T00:00:00Z',
  sites: [
    { name: 'north', isConnected: true, bytesSent: 10, bytesReceived: 20_500 },
    { name: 'south', isConnected: false, bytesSent: 1, bytesReceived: 2 },
  ],
}
const evaluated = (auc: number) => ({ loss: 0.4, metrics: { auc } })
const rounds: readonly FederationRound[] = [
  { number: 0, asked: 0, returned: 1, loss: null, metrics: null, sites: [] },
  {
    ...{ number: 1, asked: 2, returned: 2, loss: 0.5, metrics: { auc: 0.7 } },
    sites: [
      { site: 'north', outcome: 'returned', examples: 30, evaluation: evaluated(0.71) },
      { site: 'south', outcome: 'returned', examples: 12, evaluation: evaluated(0.69) },
    ],
  },
  {
    ...{ number: 2, asked: 2, returned: 1, loss: 0.4, metrics: { auc: 0.8 } },
    sites: [
      { site: 'north', outcome: 'returned', examples: 31, evaluation: evaluated(0.8) },
      { site: 'south', outcome: 'dropped', examples: null },
    ],
  },
]

test('a site shows its newest examples and metric, and all that left it', () => {
  assert.deepEqual(siteRows(federation, rounds), [
    { name: 'north', isConnected: true, examples: 31, metric: 0.8, bytesLeft: 20_500, bytesSent: 10 },
    { name: 'south', isConnected: false, examples: 12, metric: 0.69, bytesLeft: 2, bytesSent: 1 },
  ])
  assert.deepEqual(siteRows(federation, [])[0]?.metric, undefined)
})

test('the course has the metric that decides, or the loss', () => {
  assert.deepEqual(courseOf(rounds, 'auc'), [
    { round: 1, value: 0.7 },
    { round: 2, value: 0.8 },
  ])
  assert.deepEqual(
    courseOf(rounds, 'loss').map(({ value }) => value),
    [0.5, 0.4],
  )
  assert.deepEqual(rounds.map(droppedFrom), [[], [], ['south']])
})

test('events are told in both languages, unknown ones by their kind', () => {
  const event = { id: 1, at: '', kind: 'aggregated', round: 7, detail: { returned: 4, asked: 5 } }
  assert.equal(eventWords(event, federationText.en), 'Round 7 aggregated · 4 of 5 sites returned')
  assert.equal(eventWords(event, federationText.zh), '第 7 轮已聚合 · 5 家站点中 4 家返回')
  assert.equal(eventWords({ ...event, kind: 'novelty' }, federationText.en), 'novelty')
})

test('bytes and figures are short', () => {
  assert.deepEqual([0, 999, 1500, 20_500, 3_000_000, 2e9].map(bytesText), [
    '0 B',
    '999 B',
    '1.5 kB',
    '21 kB',
    '3.0 MB',
    '2.0 GB',
  ])
  assert.deepEqual([figure(0.12345), figure(null), figure(undefined)], ['0.123', '–', '–'])
})
