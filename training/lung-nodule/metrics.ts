// The figures beside the model as the registry reads them (models/README.md).
import type { Findings } from './card.ts'

const dataset = 'LIDC-IDRI crops of validation patients'
const rounded = (value: number): number => Number(value.toFixed(4))

/** The text of `metrics.json`. */
export function metricsOf({ validation, readers }: Findings): string {
  const { dice, medianDice, dicePerNodule, touched, slices, nodules } = validation
  const figure = (name: string, value: number, cases: number, of = dataset): object => ({
    ...{ name, value: rounded(value), cases, dataset: of },
  })
  const mean = {
    ...figure('Dice per slice, misses count 0', dice.mean, slices),
    ...{ low: rounded(dice.low), high: rounded(dice.high), confidence: 0.95 },
  }
  const metrics = [
    mean,
    figure('Median Dice per slice', medianDice, slices),
    figure('Dice per nodule', dicePerNodule, nodules),
    figure('Share of slices on which the nodule was touched', touched, slices),
    figure('Dice of readers with each other', readers.meanDice, readers.pairs, 'pairs of readers on the same slices'),
  ]
  const description = 'Marks lung nodules on axial CT slices, pixel by pixel'
  const lineage = {
    dataset: 'LIDC-IDRI, crops around nodules, CC BY 3.0',
    trainingRun: 'training/lung-nodule/train.ts',
  }
  return `${JSON.stringify({ description, metrics, lineage }, null, 2)}\n`
}
