// Trains the lung-nodule U-Net on LIDC-IDRI: one command, seeded, with progress; killed at any moment it goes on where it was.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  binaryCrossEntropy,
  combine,
  createTrainer,
  dice,
  type OpenSession,
  onnxruntimeSessions,
  type Trainer,
  trainingGraph,
} from '@xinglin/core/learn'
import * as onnxruntime from 'onnxruntime-node'
import { type BatchSource, drawBatch, holdOut, learningRateAt } from './batches.ts'
import { type Checkpoint, type Milestone, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { evaluateCrops } from './evaluate.ts'
import { type Crops, cropPixels, cropSize, readCrops, truthOf } from './lidc.ts'
import { lungNoduleUnet } from './network.ts'
import { readPlan, recipe, type Stage, stageAt, type TrainingPlan } from './options.ts'
import { agreementOf } from './overlap.ts'
import { publish } from './publish.ts'

interface Run {
  readonly plan: TrainingPlan
  readonly crops: Crops
  readonly source: BatchSource
  readonly held: readonly number[]
  readonly open: OpenSession
  readonly say: (line: string) => void
  readonly path: string
  readonly recipeName: string
}

const sayEvery = 50
// Every fourth slice of the held-out patients tells enough in passing.
const glanceEvery = 4

function recipeNameOf({ seed }: TrainingPlan): string {
  const { base, depth, peakLearningRate } = recipe
  return `u-net base ${base} depth ${depth}, rate ${peakLearningRate}, seed ${seed}`
}

async function glance({ crops, held, open }: Run, weights: Float32Array): Promise<number> {
  const model = lungNoduleUnet(cropSize)
  const chosen = held.filter((_, at) => at % glanceEvery === 0)
  return agreementOf(await evaluateCrops({ model, weights, crops, chosen, open })).dice.mean
}

async function saveMilestone(run: Run, trainer: Trainer, before: Checkpoint, loss: number): Promise<Checkpoint> {
  const state = trainer.state()
  const heldOutDice = await glance(run, state.weights)
  const milestone: Milestone = { step: state.step, loss, heldOutDice, seconds: before.seconds }
  const saved = { ...before, history: [...before.history, milestone], state }
  await writeCheckpoint(run.path, saved)
  run.say(`step ${state.step} of ${run.plan.steps}: kept; held-out Dice ${heldOutDice.toFixed(3)}`)
  return saved
}

interface Leg {
  readonly trainer: Trainer
  readonly stage: Stage
  readonly until: number
  /** performance.now() when the run must come to an end. */
  readonly stopAtMs: number
}

async function learnLeg(run: Run, from: Checkpoint, { trainer, stage, until, stopAtMs }: Leg): Promise<Checkpoint> {
  const { plan, source, say } = run
  const startedMs = performance.now()
  const seconds = (): number => from.seconds + (performance.now() - startedMs) / 1000
  let checkpoint = from
  let losses: number[] = []
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
  for (let step = from.state.step; step < until; step++) {
    const learningRate = learningRateAt(step, plan.steps, recipe.peakLearningRate)
    losses.push(await trainer.step({ ...drawBatch(source, stage, plan.seed, step), learningRate }))
    const done = step + 1
    if (done % sayEvery === 0) {
      say(`step ${done} of ${plan.steps}: loss ${mean(losses.slice(-sayEvery)).toFixed(4)}, ${Math.round(seconds())} s`)
    }
    if (done % recipe.checkpointEvery !== 0 && done !== until) continue
    checkpoint = await saveMilestone(run, trainer, { ...checkpoint, seconds: seconds() }, mean(losses))
    losses = []
    if (performance.now() > stopAtMs) break
  }
  return checkpoint
}

// A stage has a graph of its own, as its batches have another size; the weights and moments go from one to the next.
async function learnStage(run: Run, from: Checkpoint | undefined, stopAtMs: number): Promise<Checkpoint> {
  const { plan, open } = run
  const stage = stageAt(from?.state.step ?? 0)
  const loss = combine([
    [binaryCrossEntropy(), 1],
    [dice(), 1],
  ])
  const graph = trainingGraph(lungNoduleUnet(stage.size), { loss, batch: stage.batch })
  const trainer = await createTrainer(open, graph, { seed: plan.seed, threads: plan.threads })
  try {
    if (from !== undefined) trainer.restore(from.state)
    const start = from ?? { recipe: run.recipeName, history: [], seconds: 0, state: trainer.state() }
    return await learnLeg(run, start, { trainer, stage, until: Math.min(stage.until, plan.steps), stopAtMs })
  } finally {
    await trainer.close()
  }
}

async function openRun(plan: TrainingPlan, say: (line: string) => void): Promise<Run> {
  say(`reading the crops in ${plan.data} …`)
  const crops = await readCrops(plan.data, 'train')
  const truth = truthOf(crops.readers)
  const { learn, held } = holdOut(crops, recipe.heldOutShare, plan.seed)
  // Where fewer than two readers agree there may or may not be a nodule: such slices would teach either wrongly.
  const chosen = learn.filter((at) => truth.subarray(at * cropPixels, (at + 1) * cropPixels).includes(1))
  const patients = (numbers: readonly number[]): number => new Set(numbers.map((at) => crops.patients[at])).size
  say(
    `${chosen.length} slices of ${patients(chosen)} patients to learn from, ${held.length} of ${patients(held)} held out`,
  )
  return {
    ...{ plan, crops, held, say },
    source: { crops, truth, chosen },
    open: onnxruntimeSessions(onnxruntime, plan.threads),
    path: join(plan.folder, 'checkpoint.bin'),
    recipeName: recipeNameOf(plan),
  }
}

/** Trains, or goes on; when all steps are done the model, its configuration and its card are written. Gives the exit code. */
export async function trainLungNodule(args: readonly string[]): Promise<number> {
  const plan = readPlan(args)
  const run = await openRun(plan, (line) => process.stdout.write(`${line}\n`))
  const stopAtMs = performance.now() + plan.minutes * 60_000
  let reached = plan.isFresh ? undefined : await readCheckpoint(run.path, run.recipeName)
  if (reached !== undefined) run.say(`going on after step ${reached.state.step}`)
  while ((reached?.state.step ?? 0) < plan.steps && performance.now() < stopAtMs) {
    reached = await learnStage(run, reached, stopAtMs)
  }
  if (reached === undefined || reached.state.step < plan.steps) {
    run.say(`stopped after step ${reached?.state.step ?? 0} of ${plan.steps}; run it again to go on`)
    return 0
  }
  await publish({ plan, checkpoint: reached, open: run.open, heldOut: run.held, crops: run.crops, say: run.say })
  return 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = await trainLungNodule(process.argv.slice(2))
}
