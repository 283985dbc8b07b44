// A small sample of the chaos experiments (in full: `npm run proof chaos`): the article's fault on a split system, taken back whole.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { seededRandom } from '@xinglin/core/cohort'
import { runOnStage } from '../packages/platform/src/cli/chaos/run.ts'
import { readExperiments } from '../packages/platform/src/edge/chaos/index.ts'

const article = new URL('../../shared/seed/000_888ba9c2ed2c1062.txt', import.meta.url)
const layout = { edge: ['gateway', 'registry', 'audit'], 'records-1': ['patient', 'emr', 'triage'] }

// As printed where the article is at hand, but for its duration; else the same fault in our words.
function delayDocument(): string {
  const printed = existsSync(article)
    ? /# network-delay\.yaml\n([\s\S]*?)\n\n/.exec(readFileSync(article, 'utf8'))?.[1]
    : undefined
  const own = `apiVersion: chaos-mesh.org/v1alpha1
kind: NetworkChaos
metadata: {name: patient-service-delay}
spec: {action: delay, mode: one, selector: {labelSelectors: {app: patient-service}}, delay: {latency: 200ms}, duration: 30s}`
  return (printed ?? own).replace('30s', '6s')
}

// What the patient service answers; the others do not ask it.
const ofPatient = ['register', 'read patient', 'search patients', 'read patient again']
const latencyMs = 200
const clockMs = 2 // how far two clocks of one machine may be apart when they round

// Nothing here depends on how fast the machine is: what is slow is the answer to what is asked, and never sooner than the fault lets it.
test('200 ms on the way of the patient service are survived, and a stage leaves nothing behind', async () => {
  const random = seededRandom(3)
  const lines: string[] = []
  const [report] = await runOnStage(readExperiments(delayDocument()), {
    layout,
    rate: 20,
    lanes: 6,
    signal: new AbortController().signal,
    say: (line) => lines.push(line),
    times: { beforeMs: 1500, quietMs: 800 },
    random: () => random.integer(0, 999_999) / 1_000_000,
  })
  assert.ok(report)
  const { before, during, after } = report
  const told = `${report.reasons.join('; ')}\n${lines.join('\n')}`
  assert.deepEqual(
    report.timeline.map(({ kind }) => kind),
    ['injected', 'healed'],
    told,
  )
  const delayed = ofPatient.flatMap((step) => during.fastestMs[step] ?? [])
  assert.ok(delayed.length > 0, told)
  assert.ok(Math.min(...delayed) >= latencyMs - clockMs, `${delayed}\n${told}`)
  // Late is no failure; on a machine with too much to do some are refused, and are told when to come again, or wait in vain.
  for (const { unclean, failures } of [before, during, after]) {
    const inVain = Object.entries(failures).filter(([what]) => what.endsWith(' 0'))
    const count = inVain.reduce((sum, [, times]) => sum + times, 0)
    assert.equal(unclean, count, `${JSON.stringify(failures)}\n${told}`)
  }
  assert.ok(during.idempotent.success >= before.idempotent.success - 0.05, told)
  assert.ok(during.idempotent.good > 0 && after.idempotent.good > 0, told)
  assert.ok(report.acknowledged > 0)
  assert.deepEqual(report.lost, [])
  const url = lines.join('\n').match(/http:\S+/)?.[0] ?? ''
  await assert.rejects(fetch(url))
})
