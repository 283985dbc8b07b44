// The card of the mortality model, written from what was measured.
import { icuFeatures } from '@xinglin/core/federated/icu'
import type { Schedule, Trained } from './rounds.ts'

/** An area under the ROC curve with its 95 % interval. */
interface Area {
  readonly auc: number
  readonly low: number
  readonly high: number
  readonly stays: number
  readonly deaths: number
}

/** What `bench/federated.ts` found. */
export interface Measured {
  readonly outOfFold: Readonly<Record<'federated' | 'alone' | 'pooled', Readonly<Record<string, Area>>>>
  readonly federatedByFold: { readonly mean: number; readonly areas: readonly number[] }
}

/** What a card tells. */
export interface CardParts {
  readonly measured: Measured
  readonly trained: Trained
  readonly schedule: Schedule
  readonly sha256: string
}

const range = ({ auc, low, high }: Area): string => `${auc.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`

function table({ outOfFold }: Measured): string {
  const { federated, alone, pooled } = outOfFold
  return Object.entries(federated)
    .map(([name, area]) => {
      const [single, together] = [alone[name], pooled[name]]
      if (single === undefined || together === undefined) throw new Error(`the bench has no figures of ${name}`)
      return `| ${name} | ${area.stays} | ${area.deaths} | ${range(area)} | ${range(single)} | ${range(together)} |`
    })
    .join('\n')
}

/** The card as Markdown. */
export function cardOf({ measured, trained, schedule, sha256 }: CardParts): string {
  const names = icuFeatures.map(({ name, unit }) => `${name} (${unit})`).join(', ')
  const { strategy, rounds, steps, learningRate, heldOutShare } = schedule
  return `# icu_mortality_lstm

The probability that a patient dies in hospital, from the first 48 hours in the ICU. **Decision support for research and
demonstration; not for clinical use.** It was made on stays of one city from 2001–2008 and knows no treatment, diagnosis or age.

- **Input** \`values\` FP32 [24, 12]: two-hour bins from admission to the unit, one measured value of each (the last); raw values, NaN =
  not measured. Order: ${names}.
- **Output** \`risk\` FP32 [1]: probability of death in hospital.
- Limits, ln(1 + x) of skewed values, standardisation, carrying forward and marks of what was measured are inside the graph.
- **Model** one LSTM layer of 32 and a linear head, weights as PyTorch's. SHA-256 of model.onnx: \`${sha256}\`.

## Training

Federated: four kinds of unit (coronary care, cardiac surgery, medical, surgical) as hospitals, ${strategy.kind}, ${rounds} rounds of
${steps} Adam steps of 32 at ${learningRate}; mean and deviation pooled from the sites' sums. ${Math.round(heldOutShare * 100)} % of each site's stays chose the round: ${trained.bestRound},
AUC ${trained.heldOutArea.toFixed(3)} there. Data: PhysioNet/Computing in Cardiology Challenge 2012, set A, 4,000 stays (Silva et al. 2012,
Computing in Cardiology 39:245; ODC-By 1.0). Recipe: \`node training/icu-mortality/train.ts\`.

## How good

Area under the ROC curve with DeLong's 95 % interval, five folds, risks of stays that the fold's training never saw
(\`node bench/federated.ts\`; mean of the folds ${measured.federatedByFold.mean.toFixed(3)}). "Alone" is each unit training by itself, "pooled" all stays in one place.

| unit | stays | deaths | federated | alone | pooled |
|---|---|---|---|---|---|
${table(measured)}

The shipped weights are trained once more on all stays; they have not been judged on stays from anywhere else. Risks are not
recalibrated. Limits: small numbers of deaths in some units; measured less often in those who are less ill, so how often is
measured speaks too.
`
}
