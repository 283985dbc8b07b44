// Interviews as values: they end, ask nothing twice, and never talk an urgency down.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  compileGraph,
  conclude,
  findingOf,
  type Interview,
  interviewLimits,
  nextStep,
  type Reply,
  urgencyLevels,
  urgencySoFar,
  withAnswer,
  withoutLast,
} from './index.ts'
import { sampleFacts } from './sample-facts.ts'

const graph = compileGraph(sampleFacts)
const start = (complaints: readonly string[]): Interview => ({
  person: { ageYears: 50, sex: 'male' },
  vitals: {},
  complaints,
  absent: [],
  answers: [],
})
const rank = (level: string): number => (urgencyLevels as readonly string[]).indexOf(level)
const complaints = fc.subarray(['cough', 'fever', 'chest-pain', 'sweating'], { minLength: 1 })

function play(first: Interview, replies: readonly Reply[]): readonly Interview[] {
  const played = [first]
  for (const reply of replies) {
    const now = played.at(-1) ?? first
    const step = nextStep(graph, now)
    if (step.kind === 'stop') break
    played.push(withAnswer(now, step, reply))
  }
  return played
}

test('an interview asks no finding twice, ends within its limit, and its urgency never falls', () => {
  const replies = fc.array(fc.constantFrom<Reply>('yes', 'no', 'unknown'), { minLength: 20, maxLength: 20 })
  fc.assert(
    fc.property(complaints, replies, (first, given) => {
      const played = play(start(first), given)
      const last = played.at(-1)
      assert.ok(last !== undefined && last.answers.length <= interviewLimits.questions)
      const asked = [...last.complaints, ...last.answers.map(({ finding }) => finding)]
      assert.equal(new Set(asked).size, asked.length)
      const levels = played.map((one) => rank(urgencySoFar(graph, one).level))
      assert.deepEqual(
        levels,
        levels.toSorted((a, b) => a - b),
      )
      const { urgency } = conclude(graph, last)
      assert.ok(rank(urgency.level) >= (levels.at(-1) ?? 0))
      assert.equal(nextStep(graph, last).kind === 'stop' || given.length === last.answers.length, true)
    }),
  )
})

test('going back leads to the question that was open before', () => {
  const first = start(['chest-pain'])
  const step = nextStep(graph, first)
  const second = withAnswer(first, step, 'no')
  assert.deepEqual(withoutLast(second), first)
  assert.equal(findingOf(nextStep(graph, withoutLast(second)))?.id, findingOf(step)?.id)
  assert.deepEqual(withoutLast(first), first)
})

test('an emergency goes to the emergency department or to none, an unclear illness is seen', () => {
  const spreading = withAnswer(start(['chest-pain']), nextStep(graph, start(['chest-pain'])), 'yes')
  assert.equal(conclude(graph, spreading).urgency.level, 'ambulance')
  const odd = conclude(graph, { ...start(['itch', 'rash']), absent: ['cough', 'fever', 'chest-pain'] })
  assert.equal(odd.ranking.isNoGoodMatch, true)
  assert.equal(odd.urgency.level, 'consultation')
  assert.equal(odd.department?.id, 'general')
})

test('an interview that is broken off before its red flags were asked never ends at home', () => {
  const conclusion = conclude(graph, { ...start(['chest-pain']), person: { ageYears: 20 } })
  assert.notEqual(conclusion.urgency.level, 'self-care')
})
