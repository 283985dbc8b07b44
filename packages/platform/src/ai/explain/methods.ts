// The methods by name: what each costs, and how it is run on a row.
import {
  type Explanation,
  exactShapley,
  expectedDifferences,
  type Game,
  type GameOptions,
  kernelShap,
  limeTabular,
  permutationShapley,
} from '@xinglin/core/explain'

/** The names of the methods. */
export const methodNames = [
  'exact',
  'kernel',
  'permutation',
  'integrated-gradients',
  'expected-gradients',
  'lime',
] as const

/** A method of {@link methodNames}. */
export type MethodName = (typeof methodNames)[number]

/** How a method is run. */
export interface MethodChoice {
  readonly method: MethodName
  /** Coalitions (kernel), neighbours (lime), orders (permutation) or steps of a path; each method has its default. */
  readonly samples?: number
  readonly seed: number
}

const defaults: Readonly<Record<MethodName, (groups: number) => number>> = {
  exact: (groups) => 2 ** groups,
  kernel: (groups) => Math.min(2 * groups + 2048, 2 ** Math.min(groups, 30)),
  permutation: () => 10,
  'integrated-gradients': () => 16,
  'expected-gradients': () => 8,
  lime: () => 1000,
}

// 2^12 coalitions for each background row: about twice what kernel asks for.
const exactByItselfTo = 12

/** The method for so many groups where none is asked for. */
export function methodFor(groups: number): MethodName {
  return groups <= exactByItselfTo ? 'exact' : 'kernel'
}

/** How many predictions one row needs at most, with `background` rows. */
export function evaluationsOf({ method, samples }: MethodChoice, groups: number, background: number): number {
  const count = method === 'exact' ? 2 ** groups : (samples ?? defaults[method](groups))
  switch (method) {
    case 'exact':
    case 'kernel':
      return count * background
    case 'permutation':
      return 2 * count * (groups + 1) * background
    case 'integrated-gradients':
    case 'expected-gradients':
      return 2 * count * groups * background
    case 'lime':
      return count
    default:
      return method satisfies never
  }
}

/** Numbers that a method keeps in memory for one row: coalitions times groups. */
export function cellsOf({ method, samples }: MethodChoice, groups: number): number {
  const count = samples ?? defaults[method](groups)
  switch (method) {
    case 'exact':
      return 2 ** groups * groups
    case 'permutation':
      return 2 * count * (groups + 1) * groups
    case 'kernel':
    case 'lime':
      return count * (groups + 1)
    case 'integrated-gradients':
    case 'expected-gradients':
      return groups
    default:
      return method satisfies never
  }
}

/** Explains a row. @throws AppError 'unprocessable' where method and game do not fit */
export function explainRow(choice: MethodChoice, game: Game, options: GameOptions): Promise<Explanation> {
  const { method, seed } = choice
  const samples = choice.samples ?? defaults[method](game.groups.length)
  switch (method) {
    case 'exact':
      return exactShapley(game, options)
    case 'kernel':
      return kernelShap(game, { ...options, samples, seed })
    case 'permutation':
      return permutationShapley(game, { ...options, permutations: samples, seed })
    case 'integrated-gradients':
    case 'expected-gradients':
      return expectedDifferences(game, { ...options, steps: samples })
    case 'lime':
      return limeTabular(game, { ...options, samples, seed })
    default:
      return method satisfies never
  }
}
