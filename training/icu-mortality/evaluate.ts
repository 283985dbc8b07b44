// How good the shipped model is on stays that it never saw: area under the ROC curve with its interval, by kind of unit.
// Usage: node training/icu-mortality/evaluate.ts <folder> <name>, for <name>-features.f32.gz and <name>.tsv. Prints JSON.
import { readFileSync } from 'node:fs'
import { rocArea } from '@xinglin/core/federated'
import { icuFeatures, stayBins } from '@xinglin/core/federated/icu'
import { onnxruntimeSessions } from '@xinglin/core/learn'
import * as onnxruntime from 'onnxruntime-node'
import { hasStays, joinStays, readCentres } from './stays.ts'

const [folder = '', set = ''] = process.argv.slice(2)
if (set === '' || !hasStays(folder, set)) {
  process.stderr.write('Usage: node training/icu-mortality/evaluate.ts <folder> <name>; the files are not there\n')
  process.exit(1)
}
const graph = readFileSync(new URL('../../models/icu_mortality_lstm/1/model.onnx', import.meta.url))
const session = await onnxruntimeSessions(onnxruntime)(graph)
const centres = readCentres(folder, set)
const figures = []
for (const { name, values, died } of [{ name: 'all', ...joinStays(centres) }, ...centres]) {
  const shape = [died.length, stayBins, icuFeatures.length]
  const { risk } = await session.run({ values: { datatype: 'FP32', shape, data: values } })
  const risks = risk?.data as Float32Array
  const area = rocArea(
    risks,
    [...died].map((one) => one === 1),
  )
  const brier = risks.reduce((sum, value, stay) => sum + (value - (died[stay] ?? 0)) ** 2, 0) / died.length
  figures.push({
    name,
    stays: died.length,
    auc: area?.area,
    low: area?.low,
    high: area?.high,
    deaths: area?.events,
    brier,
  })
}
await session.close()
process.stdout.write(`${JSON.stringify({ model: 'icu_mortality_lstm', set, figures }, undefined, 2)}\n`)
