// Chaos Mesh documents: the article's as printed, every kind that is run here, and refusals that name the place.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import type { Injection, NetworkFault } from './experiment.ts'
import { readExperiments } from './read.ts'
import { bytesPerSecond, durationMs, share, sizeBytes } from './units.ts'

const article = new URL('../../../../../../../shared/seed/000_888ba9c2ed2c1062.txt', import.meta.url)

const network = (spec: string): string =>
  `apiVersion: chaos-mesh.org/v1alpha1\nkind: NetworkChaos\nmetadata: {name: x}\nspec: {mode: one, selector: {labelSelectors: {app: patient}}, ${spec}}`

function refusal(text: string): string {
  try {
    readExperiments(text, 'a.yaml')
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'unprocessable', String(error))
    return error.message
  }
  return assert.fail('it was read')
}

test('the article’s document is read as it was printed', (context) => {
  if (!existsSync(article)) return context.skip('the article’s text is not at hand (../shared/seed)')
  const printed = /# network-delay\.yaml\n([\s\S]*?)\n\n/.exec(readFileSync(article, 'utf8'))?.[1] ?? ''
  const [experiment] = readExperiments(printed)
  const injection = experiment?.root as Injection
  assert.deepEqual(injection.choice, { services: ['patient'], mode: { kind: 'one' } })
  assert.deepEqual((injection.fault as NetworkFault).traffic.delay, { latencyMs: 200, jitterMs: 0, correlation: 0 })
  assert.equal(injection.durationMs, 30_000)
})

test('times, shares, rates and sizes are read as Chaos Mesh writes them, and nothing else is', () => {
  assert.deepEqual(['200ms', '1m30s', '1.5s', '5', '', '-1s'].map(durationMs), [
    200,
    90_000,
    1500,
    undefined,
    undefined,
    undefined,
  ])
  assert.deepEqual(['25', '25%', '0.5', '101', 'x'].map(share), [0.25, 0.25, 0.005, undefined, undefined])
  assert.deepEqual(['1kbps', '1mbps', '0bps', '1mbit'].map(bytesPerSecond), [1024, 1_048_576, undefined, undefined])
  assert.deepEqual(['64MB', '1GiB', '512', '10%'].map(sizeBytes), [67_108_864, 1_073_741_824, 512, undefined])
})

test('what is wrong is named with its path, all of it at once', () => {
  const said = refusal(network('action: delay, delay: {latencyy: 1ms}, duration: soon, speed: 1'))
  assert.match(said, /a\.yaml: spec\.speed is no field/)
  assert.match(said, /spec\.delay\.latencyy is no field/)
  assert.match(refusal(network('action: delay, delay: {latency: fast}')), /spec\.delay\.latency must be a time/)
  assert.match(refusal(network('action: slow')), /spec\.action must be one of netem, delay/)
  assert.match(refusal('a: [1'), /a\.yaml: /)
  assert.match(refusal('- 1'), /must be a Chaos Mesh document/)
  assert.match(refusal(''), /holds no experiment/)
})

test('what a TCP proxy or this machine cannot do is refused and says why', () => {
  assert.match(refusal(network("action: corrupt, corrupt: {corrupt: '5'}")), /spec\.corrupt cannot be done here: TCP/)
  assert.match(refusal(network("action: duplicate, duplicate: {duplicate: '5'}")), /spec\.duplicate cannot/)
  assert.match(refusal(network('action: delay')), /spec\.delay must be given for the action delay/)
  assert.match(refusal(network('action: partition, direction: both')), /spec\.target must be given/)
  const base = 'apiVersion: chaos-mesh.org/v1alpha1\nmetadata: {name: x}\nspec: {}\n'
  assert.match(refusal(`${base}kind: Schedule`), /let cron/)
  assert.match(refusal(`${base}kind: HTTPChaos`), /does not read HTTP/)
  assert.match(refusal(`${base}kind: IOChaos`), /there are NetworkChaos/)
})

test('a hypothesis is read from annotations, and one that says nothing is refused', () => {
  const annotated = network('action: partition').replace(
    '{name: x}',
    '{name: x, annotations: {steady-state.xinglin/success: "99%", steady-state.xinglin/expect: fail-closed}}',
  )
  const state = readExperiments(annotated)[0]?.steadyState
  assert.deepEqual([state?.minSuccess, state?.expects], [0.99, 'fail-closed'])
  assert.match(
    refusal(annotated.replace('99%', 'most')),
    /annotations\["steady-state\.xinglin\/success"\] cannot be read/,
  )
  assert.match(refusal(annotated.replace('success', 'luck')), /is unknown; there are expect, success/)
})

const workflow = (templates: string): string =>
  `apiVersion: chaos-mesh.org/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  entry: all\n  templates:\n${templates}`

test('a workflow becomes a tree; a deadline shortens a fault; circles and missing names are refused', () => {
  const sound = workflow(`
    - {name: all, templateType: Serial, children: [wait, slow, well]}
    - {name: wait, templateType: Suspend, deadline: 2s}
    - {name: slow, templateType: NetworkChaos, deadline: 5s, networkChaos: {action: partition, mode: all, selector: {labelSelectors: {app: emr}}, duration: 9s}}
    - {name: well, templateType: StatusCheck, abortWithStatusCheck: true, statusCheck: {type: HTTP, http: {url: 'http://gateway:8080/health/live', criteria: {statusCode: '200-299,503'}}}}
`)
  const root = readExperiments(sound)[0]?.root
  assert.ok(root?.kind === 'serial')
  const [wait, slow, well] = root.children
  assert.deepEqual(wait, { kind: 'pause', name: 'wait', durationMs: 2000 })
  assert.ok(slow?.kind === 'injection' && slow.durationMs === 5000)
  assert.ok(well?.kind === 'check' && well.aborts)
  assert.deepEqual(well.check.statuses, [
    [200, 299],
    [503, 503],
  ])
  assert.match(refusal(workflow('    - {name: all, templateType: Serial, children: [all]}')), /leads in a circle/)
  assert.match(
    refusal(workflow('    - {name: all, templateType: Serial, children: [none]}')),
    /names no template: none/,
  )
  assert.match(refusal(workflow('    - {name: all, templateType: Task, task: {}}')), /needs a container/)
})
