// How well hospitals predict in-hospital death together and alone: five folds over the four kinds of unit of PhysioNet 2012
// set A. Each fold's test stays are seen by nobody before the end. Prints JSON.
// Usage: node bench/federated.ts [folds, default 5] [folder] [name of another set in the same form]
import { loadavg } from 'node:os'
import { rocArea } from '@xinglin/core/federated'
import { predictRisks, prepareStays, transformStays } from '@xinglin/core/federated/icu'
import { onnxruntimeSessions } from '@xinglin/core/learn'
import * as onnxruntime from 'onnxruntime-node'
import { schedule, type Trained, trainTogether } from '../training/icu-mortality/rounds.ts'
import {
  type Centre,
  hasStays,
  howToGetStays,
  joinStays,
  readCentres,
  setA,
  staysFolder,
  takeStays,
} from '../training/icu-mortality/stays.ts'

const [foldsText = '5', folder = staysFolder, set = setA] = process.argv.slice(2)
const folds = Number(foldsText)
const open = onnxruntimeSessions(onnxruntime)

interface Fold {
  readonly training: Centre
  readonly test: Centre
}

// Deaths and survivors are dealt out in turn, so that each fold has its share of both.
function foldOf(centre: Centre, fold: number): Fold {
  const byOutcome = [0, 1].map((outcome) => [...centre.died.keys()].filter((stay) => centre.died[stay] === outcome))
  const isTest = new Set(byOutcome.flatMap((stays) => stays.filter((_stay, index) => index % 5 === fold)))
  const stays = [...centre.died.keys()]
  const { name } = centre
  return {
    training: {
      name,
      ...takeStays(
        centre,
        stays.filter((stay) => !isTest.has(stay)),
      ),
    },
    test: {
      name,
      ...takeStays(
        centre,
        stays.filter((stay) => isTest.has(stay)),
      ),
    },
  }
}

interface Predictions {
  readonly risks: number[]
  readonly outcomes: boolean[]
}

async function predict(into: Predictions, trained: Trained, test: Centre): Promise<void> {
  const inputs = prepareStays(transformStays(test.values), trained.standardisation)
  into.risks.push(...(await predictRisks(open, trained.weights, inputs)))
  into.outcomes.push(...[...test.died].map((died) => died === 1))
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000

function shown({ risks, outcomes }: Predictions) {
  const area = rocArea(risks, outcomes)
  if (area === undefined) throw new Error('all outcomes are the same')
  return {
    auc: round3(area.area),
    low: round3(area.low),
    high: round3(area.high),
    stays: risks.length,
    deaths: area.events,
  }
}

type Way = 'federated' | 'alone' | 'pooled'

if (!hasStays(folder, set)) {
  process.stderr.write(`bench/federated.ts ${howToGetStays}\n`)
  process.exit(1)
}
const startedAt = performance.now()
const centres = readCentres(folder, set)
const empty = (): Predictions => ({ risks: [], outcomes: [] })
const found = new Map<Way, Predictions[]>(
  (['federated', 'alone', 'pooled'] as const).map((way) => [way, centres.map(empty)]),
)
const foldAreas: number[] = []
const bestRounds: number[] = []

for (let fold = 0; fold < folds; fold++) {
  const parts = centres.map((centre) => foldOf(centre, fold))
  const training = parts.map((part) => part.training)
  const federated = await trainTogether(open, training, schedule)
  const pooled = await trainTogether(open, [joinStays(training)], {
    ...schedule,
    steps: schedule.steps * centres.length,
  })
  const together = empty()
  for (const [index, { training: own, test }] of parts.entries()) {
    const alone = await trainTogether(open, [own], schedule)
    for (const [way, trained] of [
      ['federated', federated],
      ['alone', alone],
      ['pooled', pooled],
    ] as const) {
      const into = found.get(way)?.[index]
      if (into !== undefined) await predict(into, trained, test)
    }
    await predict(together, federated, test)
  }
  foldAreas.push(shown(together).auc)
  bestRounds.push(federated.bestRound)
  process.stderr.write(
    `fold ${fold + 1} of ${folds}: federated AUC ${foldAreas.at(-1)}, best round ${federated.bestRound}\n`,
  )
}

const all = (way: Way) => {
  const parts = found.get(way) ?? []
  const joined = { risks: parts.flatMap(({ risks }) => risks), outcomes: parts.flatMap(({ outcomes }) => outcomes) }
  return {
    all: shown(joined),
    ...Object.fromEntries(centres.map(({ name }, index) => [name, shown(parts[index] ?? empty())])),
  }
}
const mean = foldAreas.reduce((sum, area) => sum + area, 0) / foldAreas.length
process.stdout.write(
  `${JSON.stringify(
    {
      bench: 'federated',
      set: `PhysioNet/CinC 2012 (${set}), four kinds of unit as centres`,
      folds,
      schedule,
      federatedByFold: { mean: round3(mean), areas: foldAreas, bestRounds },
      outOfFold: { federated: all('federated'), alone: all('alone'), pooled: all('pooled') },
      seconds: Math.round((performance.now() - startedAt) / 1000),
      load: loadavg().map(round3),
      onnxruntime: onnxruntime.env.versions.node,
    },
    undefined,
    2,
  )}\n`,
)
