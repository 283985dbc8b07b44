// The U-Net (Ronneberger et al. 2015, arXiv 1505.04597) with zero padding, for masks of the size of the image.
import type { Value } from '../graph/builder.ts'
import type { Tape } from '../graph/tape.ts'
import { defineModel, type Model, type WeightOf } from '../model.ts'
import { convolution, upConvolution } from '../operations/convolution.ts'
import { dropout, relu } from '../operations/elementwise.ts'
import { batchNorm, groupNorm } from '../operations/normalisation.ts'
import { joinChannels, maxPool } from '../operations/pooling.ts'
import { constantInitial, heNormal, type ParameterSpec } from '../parameters.ts'

/** Sizes of a U-Net. */
export interface UnetOptions {
  /** Channels at full size; each halving doubles them. */
  readonly base: number
  /** How often the image is halved. */
  readonly depth: number
  /** Channels of the image; default 1. */
  readonly channels?: number
  /** Masks; default 1. */
  readonly masks?: number
  /** Rows and columns, multiples of 2^depth. The same weights serve any size. */
  readonly size: readonly [rows: number, columns: number]
  /** After each convolution; default none. Batch normalisation costs nothing when serving. */
  readonly normalisation?: 'none' | 'batch' | 'group'
  /** Dropout at the lowest level, in [0, 1); default 0. */
  readonly dropoutRate?: number
}

type Settled = Required<UnetOptions>

function normalisationParameters(
  name: string,
  channels: number,
  kind: Settled['normalisation'],
): readonly ParameterSpec[] {
  const shape = [channels]
  if (kind === 'none') return []
  const own = [
    { name: `${name}.weight`, shape, initial: constantInitial(1) },
    { name: `${name}.bias`, shape, initial: constantInitial(0) },
  ]
  if (kind === 'group') return own
  return [
    ...own,
    { name: `${name}.running_mean`, shape, initial: constantInitial(0), isTrained: false },
    { name: `${name}.running_var`, shape, initial: constantInitial(1), isTrained: false },
  ]
}

// Two convolutions of 3×3, each with normalisation and ReLU; a bias only where no normalisation would undo it.
function blockParameters(
  name: string,
  from: number,
  to: number,
  kind: Settled['normalisation'],
): readonly ParameterSpec[] {
  return [from, to].flatMap((inSize, index) => [
    { name: `${name}.conv${index}.weight`, shape: [to, inSize, 3, 3], initial: heNormal(9 * inSize) },
    ...(kind === 'none' ? [{ name: `${name}.conv${index}.bias`, shape: [to], initial: constantInitial(0) }] : []),
    ...normalisationParameters(`${name}.norm${index}`, to, kind),
  ])
}

function parametersOf({ base, depth, channels, masks, normalisation }: Settled): readonly ParameterSpec[] {
  const width = (level: number): number => base * 2 ** level
  const levels = Array.from({ length: depth }, (_, level) => level)
  const down = [...levels, depth].flatMap((level) =>
    blockParameters(`down${level}`, level === 0 ? channels : width(level - 1), width(level), normalisation),
  )
  const up = levels.toReversed().flatMap((level) => [
    {
      name: `up${level}.transposed.weight`,
      shape: [width(level + 1), width(level), 2, 2],
      initial: heNormal(width(level + 1)),
    },
    { name: `up${level}.transposed.bias`, shape: [width(level)], initial: constantInitial(0) },
    ...blockParameters(`up${level}`, 2 * width(level), width(level), normalisation),
  ])
  return [
    ...down,
    ...up,
    { name: 'head.weight', shape: [masks, base, 1, 1], initial: heNormal(base) },
    { name: 'head.bias', shape: [masks], initial: constantInitial(0) },
  ]
}

function normalise(tape: Tape, x: Value, name: string, { weightOf, kind }: BlockContext): Value {
  switch (kind) {
    case 'none':
      return x
    case 'group':
      return groupNorm(tape, x, {
        scale: weightOf(`${name}.weight`),
        shift: weightOf(`${name}.bias`),
        groups: Math.min(8, x.shape[1] ?? 1),
      })
    case 'batch': {
      const names = { mean: `${name}.running_mean`, variance: `${name}.running_var` }
      return batchNorm(tape, x, {
        scale: weightOf(`${name}.weight`),
        shift: weightOf(`${name}.bias`),
        runningMean: weightOf(names.mean),
        runningVariance: weightOf(names.variance),
        names,
      })
    }
    default:
      return kind satisfies never
  }
}

interface BlockContext {
  readonly weightOf: WeightOf
  readonly kind: Settled['normalisation']
}

function block(tape: Tape, x: Value, name: string, context: BlockContext): Value {
  return [0, 1].reduce((value, index) => {
    const bias = context.kind === 'none' ? context.weightOf(`${name}.conv${index}.bias`) : undefined
    const convolved = convolution(tape, value, context.weightOf(`${name}.conv${index}.weight`), bias)
    return relu(tape, normalise(tape, convolved, `${name}.norm${index}`, context))
  }, x)
}

function forwardOf({ depth, normalisation, dropoutRate }: Settled): Model['forward'] {
  return (tape, input, weightOf) => {
    const context = { weightOf, kind: normalisation }
    const skips: Value[] = []
    let x = input
    for (let level = 0; level < depth; level += 1) {
      x = block(tape, x, `down${level}`, context)
      skips.push(x)
      x = maxPool(tape, x)
    }
    x = dropout(tape, block(tape, x, `down${depth}`, context), dropoutRate)
    for (const [level, skip] of [...skips.entries()].toReversed()) {
      const raised = upConvolution(
        tape,
        x,
        weightOf(`up${level}.transposed.weight`),
        weightOf(`up${level}.transposed.bias`),
      )
      x = block(tape, joinChannels(tape, [skip, raised]), `up${level}`, context)
    }
    return convolution(tape, x, weightOf('head.weight'), weightOf('head.bias'))
  }
}

/** Makes a U-Net over `[batch, channels, rows, columns]` that gives logits `[batch, masks, rows, columns]`. */
export function unet(options: UnetOptions): Model {
  const settled = { channels: 1, masks: 1, normalisation: 'none', dropoutRate: 0, ...options } as const
  const step = 2 ** settled.depth
  const [rows, columns] = settled.size
  if (rows % step !== 0 || columns % step !== 0) {
    throw new RangeError(`${rows} × ${columns} pixels cannot be halved ${settled.depth} times`)
  }
  return defineModel({
    name: 'unet',
    inputShape: [settled.channels, rows, columns],
    link: 'sigmoid',
    parameters: parametersOf(settled),
    forward: forwardOf(settled),
  })
}
