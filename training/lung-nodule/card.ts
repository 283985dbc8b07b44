// The model's card, written from what was measured.
import type { Checkpoint } from './checkpoint.ts'
import { recipe } from './options.ts'
import type { Agreement, Interval } from './overlap.ts'
import type { ReaderAgreement } from './readers.ts'

/** What is told of a model. */
export interface Findings {
  readonly validation: Agreement
  readonly heldOut: Agreement
  readonly readers: ReaderAgreement
  readonly trainPatients: number
  /** The raw probability that became 0.5. */
  readonly operatingPoint: number
  readonly steps: number
  readonly checkpoint: Checkpoint
}

const three = (value: number): string => value.toFixed(3)
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`
const range = ({ mean, low, high }: Interval): string =>
  `${three(mean)} (95 % interval ${three(low)} to ${three(high)})`

const stagesText = (): string =>
  recipe.stages
    .map(
      ({ until, batch, size }) =>
        `${batch} pieces of ${size} × ${size}${Number.isFinite(until) ? ` up to step ${until}` : ''}`,
    )
    .join(', then ')

/** The card as Markdown; the part on whole slices is added by `bench/nodule.ts`'s result, which it names. */
export function cardOf(findings: Findings): string {
  const { validation, heldOut, readers, trainPatients, operatingPoint, steps, checkpoint } = findings
  return `# lung_nodule_unet

Marks lung nodules on axial CT slices, pixel by pixel. **Not for clinical use**: decision support for research and
demonstration; every mark must be looked at by a radiologist.

- **Input** \`input__0\` FP32 \`[1, 512, 512]\`: CT numbers in HU; they are clipped to −1000…400 inside the graph.
- **Output** \`output__0\` FP32 \`[1, 512, 512]\`: probability per pixel; marked above 0.5, to which the last bias was moved: on the
  held-out training patients ${operatingPoint} was best.
- **Network** U-Net (Ronneberger et al. 2015), base ${recipe.base}, depth ${recipe.depth}, trained by \`core/learn\` alone.

## Data

LIDC-IDRI (The Cancer Imaging Archive, CC BY 3.0; Armato SG et al., Med Phys 2011;38:915–931): crops of 128 × 128 pixels
around nodules, 8 bit, with up to four readers' outlines. Truth is what at least two readers marked. Crops lost their CT
numbers; they were anchored on their lung and soft-tissue modes (−850 and 30 HU). Patients are split: ${trainPatients} for
training (of these ${heldOut.patients} held out to watch progress), ${validation.patients} for validation, which chose nothing.

## Recipe

\`npx xinglin train lung-nodule\`: seed ${checkpoint.recipe.split('seed ').at(-1)}, ${steps} steps (${stagesText()}), binary
cross-entropy plus Dice, Adam with a cosine from ${recipe.peakLearningRate}; ${Math.round(checkpoint.seconds / 60)} minutes on one thread of a shared machine.

## Results

| on patients never seen in training | model | readers with each other |
|---|---|---|
| Dice per slice, misses count 0 | ${range(validation.dice)} | ${three(readers.meanDice)} |
| median | ${three(validation.medianDice)} | ${three(readers.medianDice)} |
| Dice per nodule (all its slices) | ${three(validation.dicePerNodule)} | – |
| slices on which the nodule was touched | ${percent(validation.touched)} | – |

${validation.slices} slices of ${validation.nodules} nodules; intervals by drawing patients anew. Readers: ${readers.pairs} pairs who both marked a slice. On the
${validation.emptySlices} slices where fewer than two readers agree on a pixel the model marked something on ${validation.emptyMarked}.
Held-out training patients: ${range(heldOut.dice)}.

## Limits

- Learned on crops around nodules: on whole slices it also marks vessels, hilum and wall. The reader masks the lungs first;
  false positives on whole slices are in \`bench/results/nodule.json\`.
- Two-dimensional; no pixel spacing was known in training (LIDC has 0.5 to 0.8 mm). Other spacings, children, contrast phases,
  and nodules below 3 mm were not tested. Probabilities are not calibrated.
- One public data set, mostly from the United States, 2000–2010; nothing is known about other populations and scanners.
`
}
