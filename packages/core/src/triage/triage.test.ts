// Triage's pure rules: scores against numbers worked by hand and a second method, and the laws that must always hold.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  articleScores,
  compileGraph,
  departmentFor,
  explain,
  indexNames,
  nextQuestion,
  posterior,
  rankConditions,
  urgency,
  urgencyLevels,
} from './index.ts'
import { addFinding, logPriors } from './posterior.ts'
import { informationOf } from './question.ts'
import { sampleFacts } from './sample-facts.ts'

const graph = compileGraph(sampleFacts)
const ids = sampleFacts.findings.map(({ id }) => id)
const scored = sampleFacts.findings.filter(({ kind }) => kind !== 'danger').map(({ id }) => id)
const someEvidence = fc
  .array(fc.constantFrom('present', 'absent', 'unknown'), { minLength: ids.length, maxLength: ids.length })
  .map((states) => ({
    present: ids.filter((_, index) => states[index] === 'present'),
    absent: ids.filter((_, index) => states[index] === 'absent'),
  }))
const somebody = fc.record({
  ageYears: fc.double({ min: 0, max: 110, noNaN: true }),
  sex: fc.constantFrom('female' as const, 'male' as const),
  pregnant: fc.boolean(),
})

test('the posterior is Bayes over noisy-or probabilities, worked by hand', () => {
  const person = { ageYears: 50, sex: 'male' as const }
  const prior = { cold: 8, pneumonia: 2, heart: 1.2 }
  const sum = 11.2
  const noisyOr = (leak: number, p: number) => 1 - (1 - leak) * (1 - p)
  const weights = [
    (0.95 * prior.cold * noisyOr(0.05, 0.6) * (1 - 0.02)) / sum,
    (0.95 * prior.pneumonia * noisyOr(0.05, 0.8) * (1 - noisyOr(0.02, 0.5))) / sum,
    (0.95 * prior.heart * 0.05 * (1 - noisyOr(0.02, 0.9))) / sum,
    0.05 * 0.15 * 0.85,
  ]
  const total = weights.reduce((all, weight) => all + weight, 0)
  const got = posterior(graph, { present: ['cough'], absent: ['chest-pain'] }, person)
  for (const [index, weight] of weights.entries()) assert.ok(Math.abs((got[index] ?? 0) - weight / total) < 1e-12)
})

test('probabilities sum to one and do not depend on the order of the findings', () => {
  fc.assert(
    fc.property(someEvidence, somebody, (evidence, person) => {
      const p = posterior(graph, evidence, person)
      assert.ok(Math.abs(p.reduce((all, value) => all + value, 0) - 1) < 1e-9)
      const turned = { present: evidence.present.toReversed(), absent: evidence.absent.toReversed() }
      const again = posterior(graph, turned, person)
      for (const [index, value] of p.entries()) assert.ok(Math.abs(value - (again[index] ?? 0)) < 1e-9)
    }),
  )
})

test('a finding that a condition causes never makes that condition less likely than its absence does', () => {
  fc.assert(
    fc.property(someEvidence, somebody, fc.constantFrom(...sampleFacts.presentsIn), (evidence, person, edge) => {
      const without = (list: readonly string[]) => list.filter((id) => id !== edge.finding)
      const rest = { present: without(evidence.present), absent: without(evidence.absent) }
      const at = graph.conditionIndex.get(edge.condition) ?? 0
      // Only against the rest of its own odds: another condition may gain more.
      const odds = (p: Float64Array) => (p[at] ?? 0) / ((p.at(-1) ?? 0) + 1e-300)
      const yes = odds(posterior(graph, { ...rest, present: [...rest.present, edge.finding] }, person))
      const no = odds(posterior(graph, { ...rest, absent: [...rest.absent, edge.finding] }, person))
      assert.ok(yes >= no * (1 - 1e-9))
    }),
  )
})

test('log-odds for and against add up to the posterior exactly', () => {
  fc.assert(
    fc.property(someEvidence, somebody, fc.nat(2), (evidence, person, condition) => {
      const { prior, contributions, posterior: after } = explain(graph, condition, evidence, person)
      const sum = contributions.reduce((all, { logOdds }) => all + logOdds, prior)
      assert.ok(Math.abs(sum - after) < 1e-6)
      const p = posterior(graph, evidence, person)[condition] ?? 0
      assert.ok(Math.abs(after - Math.log(p / (1 - p))) < 1e-6 || p > 1 - 1e-12)
    }),
  )
})

test('more findings and worse vital signs never lower the urgency', () => {
  fc.assert(
    fc.property(someEvidence, somebody, fc.subarray(ids), fc.nat(200), (evidence, person, more, heartRate) => {
      const rank = (level: string) => (urgencyLevels as readonly string[]).indexOf(level)
      const before = urgency(sampleFacts, { evidence, person, vitals: { heart_rate: heartRate } })
      const after = urgency(sampleFacts, {
        evidence: { present: [...evidence.present, ...more] },
        person,
        vitals: { heart_rate: heartRate + 20 },
      })
      assert.ok(rank(after.level) >= rank(before.level))
      const floored = urgency(sampleFacts, { evidence, person }, { level: 'emergency' })
      assert.ok(rank(floored.level) >= rank('emergency'))
    }),
  )
})

test('a rule for babies is for babies, and each reason says which rule it is', () => {
  const fever = { evidence: { present: ['fever'] }, person: { ageYears: 0.1 } }
  assert.equal(urgency(sampleFacts, fever).level, 'emergency')
  assert.equal(urgency(sampleFacts, { ...fever, person: { ageYears: 30 } }).level, 'self-care')
  assert.deepEqual(
    urgency(sampleFacts, fever).reasons.map(({ rule, source }) => [rule, source]),
    [['infant-fever', undefined]],
  )
})

test('mutual information equals the expected fall of entropy, computed the long way', () => {
  const entropy = (p: Float64Array) => p.reduce((sum, value) => (value <= 0 ? sum : sum - value * Math.log2(value)), 0)
  fc.assert(
    fc.property(someEvidence, somebody, fc.constantFrom(...scored), (evidence, person, asked) => {
      const without = (list: readonly string[]) => list.filter((id) => id !== asked)
      const rest = { present: without(evidence.present), absent: without(evidence.absent) }
      const now = posterior(graph, rest, person)
      const at = graph.findingIndex.get(asked) ?? 0
      const yes = posterior(graph, { ...rest, present: [...rest.present, asked] }, person)
      const no = posterior(graph, { ...rest, absent: [...rest.absent, asked] }, person)
      const base = graph.baseP[at] ?? 0
      const edges = sampleFacts.presentsIn.filter(({ finding }) => finding === asked)
      const pOf = (index: number) => {
        if (index === sampleFacts.conditions.length) return graph.otherP[at] ?? 0
        const edge = edges.find(({ condition }) => condition === sampleFacts.conditions[index]?.id)
        return edge === undefined ? base : 1 - (1 - base) * (1 - edge.p)
      }
      const pYes = now.reduce((sum, value, index) => sum + value * pOf(index), 0)
      const expected = entropy(now) - (pYes * entropy(yes) + (1 - pYes) * entropy(no))
      assert.ok(Math.abs(informationOf(graph, at, now) - Math.max(0, expected)) < 1e-9)
    }),
  )
})

test('red flags are asked first, and an ambulance ends the questions', () => {
  const state = {
    person: { ageYears: 60 },
    evidence: { present: ['chest-pain'], absent: [] },
    unknown: [],
    asked: 0,
    askedForRedFlags: 0,
    urgency: 'self-care' as const,
  }
  const first = nextQuestion(graph, state)
  assert.equal(first.kind === 'red-flag' ? first.finding.id : first.kind, 'pain-spreads')
  const after = nextQuestion(graph, { ...state, unknown: ['pain-spreads'] })
  assert.equal(after.kind, 'tell-apart')
  assert.deepEqual(nextQuestion(graph, { ...state, urgency: 'ambulance' }), { kind: 'stop', why: 'ambulance' })
  assert.deepEqual(nextQuestion(graph, { ...state, asked: 12 }), { kind: 'stop', why: 'enough-questions' })
})

test('says that nothing fits rather than naming the least bad', () => {
  const odd = rankConditions(graph, { present: ['itch', 'rash'], absent: ['cough', 'fever', 'chest-pain'] }, {})
  assert.equal(odd.isNoGoodMatch, true)
  const plain = rankConditions(graph, { present: ['cough', 'fever'], absent: [] }, { ageYears: 30 })
  assert.equal(plain.isNoGoodMatch, false)
  assert.equal(plain.candidates[0]?.condition.id, 'cold')
  assert.equal(plain.candidates[0]?.department?.id, 'chest')
})

test('children go to the children’s department', () => {
  assert.equal(departmentFor(sampleFacts, 'J18.9', { ageYears: 3 })?.id, 'children')
  assert.equal(departmentFor(sampleFacts, 'j18', { ageYears: 14 })?.id, 'chest')
  assert.equal(departmentFor(sampleFacts, 'I21', {})?.id, 'general')
})

test('the article’s formula: the share of a disease’s symptoms that are there', () => {
  const edges = [
    { symptom: 'Cough', disease: 'Common Cold' },
    { symptom: 'Fever', disease: 'Common Cold' },
    { symptom: 'Cough', disease: 'Pneumonia' },
    { symptom: 'Fever', disease: 'Pneumonia' },
    { symptom: 'Chest Pain', disease: 'Pneumonia' },
    { symptom: 'Chest Pain', disease: 'Angina' },
  ]
  assert.deepEqual(articleScores(edges, ['Cough', 'Fever', 'Fever']), [
    { disease: 'Common Cold', score: 1 },
    { disease: 'Pneumonia', score: 2 / 3 },
  ])
  assert.deepEqual(articleScores(edges, ['Itch']), [])
})

test('names are read in both languages, and an unknown one gets suggestions', () => {
  const names = indexNames(sampleFacts.findings)
  const read = names.read(['COUGH', 'Chest  pain', 'fever(中文)', 'fevr', 'xyzzy'])
  assert.deepEqual(
    read.findings.map(({ id }) => id),
    ['cough', 'chest-pain', 'fever'],
  )
  assert.deepEqual(read.unknown[0]?.suggestions[0], 'fever')
  assert.deepEqual(read.unknown[1], { name: 'xyzzy', suggestions: [] })
  assert.deepEqual(
    names.search('che', 5).map(({ id }) => id),
    ['chest-pain'],
  )
})

test('a danger sign says nothing about which condition it is', () => {
  const logs = logPriors(graph, {})
  addFinding(graph, logs, graph.findingIndex.get('cough') ?? 0, true)
  assert.deepEqual(
    posterior(graph, { present: ['pain-spreads'], absent: [] }),
    posterior(graph, { present: [], absent: [] }),
  )
})

test('refuses an edge to nowhere', () => {
  const edge = { finding: 'cough', condition: 'none', p: 0.5, source: 'book' }
  assert.throws(() => compileGraph({ ...sampleFacts, presentsIn: [edge] }), /names what is not there/)
})
