// The shipped mortality model is the one that its card speaks of, and tells the dying from the others on stays it never saw.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { rocArea } from '@xinglin/core/federated'
import { caseMixes, drawIcuCohort, icuFeatures, icuModelConfig, stayBins } from '@xinglin/core/federated/icu'
import { onnxruntimeSessions } from '@xinglin/core/learn'
import * as onnxruntime from 'onnxruntime-node'

const shipped = (file: string): Buffer =>
  readFileSync(new URL(`../../models/icu_mortality_lstm/${file}`, import.meta.url))

test('card and configuration belong to the graph', () => {
  const sha256 = createHash('sha256').update(shipped('1/model.onnx')).digest('hex')
  assert.ok(shipped('CARD.md').toString().includes(sha256))
  assert.equal(shipped('config.pbtxt').toString(), icuModelConfig('icu_mortality_lstm'))
})

test('risks are probabilities, also of a stay without a value, and higher for synthetic stays that end in death', async () => {
  const session = await onnxruntimeSessions(onnxruntime)(shipped('1/model.onnx'))
  const risksOf = async (data: Float32Array): Promise<Float32Array> => {
    const shape = [data.length / (stayBins * icuFeatures.length), stayBins, icuFeatures.length]
    const { risk } = await session.run({ values: { datatype: 'FP32', shape, data } })
    return Float32Array.from(risk?.data as Float32Array)
  }
  const cohorts = caseMixes.map((mix, index) => drawIcuCohort({ seed: 60 + index, stays: 250, mix }))
  const risks: number[] = []
  for (const { values } of cohorts) risks.push(...(await risksOf(values)))
  const outcomes = cohorts.flatMap(({ died }) => [...died].map((one) => one === 1))
  assert.ok(risks.every((risk) => risk > 0 && risk < 1))
  const area = rocArea(risks, outcomes)
  assert.ok(area !== undefined && area.low > 0.6, JSON.stringify(area))
  const [empty = Number.NaN] = await risksOf(new Float32Array(stayBins * icuFeatures.length).fill(Number.NaN))
  assert.ok(empty > 0 && empty < 0.5)
  await session.close()
})
