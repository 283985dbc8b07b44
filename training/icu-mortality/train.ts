// The recipe of models/icu_mortality_lstm: four kinds of ICU train together, each on its own stays; the best round is shipped.
// Usage: node training/icu-mortality/train.ts (three minutes on one thread); needs bench/results/federated.json for the card.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { icuModelConfig, icuServedGraph } from '@xinglin/core/federated/icu'
import { onnxruntimeSessions } from '@xinglin/core/learn'
import * as onnxruntime from 'onnxruntime-node'
import { cardOf, type Measured } from './card.ts'
import { schedule, trainTogether } from './rounds.ts'
import { hasStays, howToGetStays, readCentres } from './stays.ts'

const folder = fileURLToPath(new URL('../../models/icu_mortality_lstm/', import.meta.url))
const results = fileURLToPath(new URL('../../bench/results/federated.json', import.meta.url))

if (!hasStays()) {
  process.stderr.write(`training/icu-mortality/train.ts ${howToGetStays}\n`)
  process.exit(1)
}
const measured = JSON.parse(readFileSync(results, 'utf8')) as Measured
const open = onnxruntimeSessions(onnxruntime)
const trained = await trainTogether(open, readCentres(), schedule, (round, area) =>
  process.stderr.write(`round ${round} of ${schedule.rounds}: AUC ${area.toFixed(4)} on held-out stays\n`),
)
const graph = icuServedGraph(trained.weights, trained.standardisation)
mkdirSync(`${folder}1`, { recursive: true })
writeFileSync(`${folder}1/model.onnx`, graph)
writeFileSync(`${folder}config.pbtxt`, icuModelConfig('icu_mortality_lstm'))
const sha256 = createHash('sha256').update(graph).digest('hex')
writeFileSync(`${folder}CARD.md`, cardOf({ measured, trained, schedule, sha256 }))
process.stderr.write(`wrote ${graph.length} bytes, round ${trained.bestRound}\n`)
