// Our explanations against the Python package shap, as it is installed, on models made on the spot.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exactShapley, kernelShap, singletons, treeInterventional, treePathDependent } from '@xinglin/core/explain'
import { askShap, drawNetwork, drawTrees, howToGetShap, predictNetwork, shapPython } from './shap-peer.ts'

const python = shapPython()
const options = { skip: python === undefined ? howToGetShap : false, timeout: 300_000 }

function near(found: ArrayLike<number> | undefined, wanted: readonly number[] | undefined, tolerance: number): void {
  assert.ok(found !== undefined && wanted !== undefined && found.length === wanted.length)
  const gap = Math.max(...wanted.map((value, at) => Math.abs(value - (found[at] ?? Number.NaN))))
  assert.ok(gap <= tolerance, `largest difference ${gap}`)
}

test('exact values and full KernelSHAP of a network, as shap gives them', options, async (t) => {
  const features = 6
  const { network, rows } = drawNetwork(3, features, 5)
  const [background, samples] = [rows(12), rows(4)]
  const request = { network, background, samples, nsamples: 2 ** features, methods: ['exact', 'kernel', 'permutation'] }
  const peer = askShap<'exact' | 'kernel' | 'permutation'>(python ?? '', request)
  t.diagnostic(`shap ${peer.version}`)
  for (const [at, sample] of samples.entries()) {
    const game = {
      predict: predictNetwork(network),
      row: Float64Array.from(sample),
      background: Float64Array.from(background.flat()),
      groups: singletons(Array.from({ length: features }, (_, feature) => `f${feature}`)),
    }
    const exact = await exactShapley(game)
    near(exact.contributions[0], peer.exact.values[at], 1e-9)
    near(exact.base, [peer.exact.base], 1e-9)
    near((await kernelShap(game, { samples: 2 ** features })).contributions[0], peer.kernel.values[at], 1e-6)
    near(exact.contributions[0], peer.permutation.values[at], 0.05)
  }
})

test('values of trees by path and against a background, as shap gives them', options, () => {
  const ensemble = drawTrees(9, 12, 4, 7)
  const { rows } = drawNetwork(4, 7, 1)
  const [background, samples] = [rows(25), rows(5)]
  const { trees, initial, scale } = ensemble
  const peer = askShap<'interventional' | 'path'>(python ?? '', { trees, initial, scale, background, samples })
  for (const [at, sample] of samples.entries()) {
    const row = Float64Array.from(sample)
    const against = treeInterventional(ensemble, row, Float64Array.from(background.flat()))
    near(against.contributions[0], peer.interventional.values[at], 1e-7)
    near(against.base, [peer.interventional.base], 1e-7)
    const path = treePathDependent(ensemble, row)
    near(path.contributions[0], peer.path.values[at], 1e-7)
    near(path.base, [peer.path.base], 1e-7)
  }
})
