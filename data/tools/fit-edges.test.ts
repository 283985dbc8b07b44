// What patients say moves a figure between the choice and the count, and never to certainty.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DdxplusPatient } from './ddxplus-patients.ts'
import { fitEdges } from './fit-edges.ts'

const patient = (condition: string, ...present: readonly string[]): DdxplusPatient => {
  return { ageYears: 40, sex: 'female', condition, present }
}

test('counts patients and shrinks to the choice', () => {
  const patients = [patient('flu', 'cough'), patient('flu', 'cough', 'fever'), patient('gout', 'pain')]
  const edges = [
    { finding: 'cough', condition: 'flu', chosen: 0.6 },
    { finding: 'fever', condition: 'flu', chosen: 0.6 },
    { finding: 'fever', condition: 'covid-19', chosen: 0.6 },
  ]
  assert.deepEqual(fitEdges(edges, patients), [
    { p: (2 + 4 * 0.6) / 6, patients: 2 },
    { p: (1 + 4 * 0.6) / 6, patients: 2 },
    { p: 0.6, patients: 0 },
  ])
})

test('law: a figure lies between the choice and the share of patients, or at a bound', () => {
  const counts = fc.integer({ min: 0, max: 200 })
  fc.assert(
    fc.property(counts, counts, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (have, lack, chosen) => {
      const patients = [
        ...Array.from({ length: have }, () => patient('c', 'f')),
        ...Array.from({ length: lack }, () => patient('c')),
      ]
      const [{ p } = { p: Number.NaN }] = fitEdges([{ finding: 'f', condition: 'c', chosen }], patients)
      const share = have + lack === 0 ? chosen : have / (have + lack)
      const [low, high] = [Math.min(share, chosen), Math.max(share, chosen)]
      assert.ok(p >= Math.max(0.02, low - 1e-12) && p <= Math.max(0.02, Math.min(0.95, high + 1e-12)), `${p}`)
    }),
  )
})
