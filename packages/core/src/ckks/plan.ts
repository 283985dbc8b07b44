// Makes a computation ready before any ciphertext is touched: sizes, levels, scales and keys are checked step by step (pure).
import { AppError } from '../errors/index.ts'
import { type Arithmetic, createArithmetic, type Held } from './arithmetic.ts'
import { evaluatePolynomial } from './polynomial.ts'
import type { Approximation, Machine, Plan, Program, Step, VectorFacts } from './program.ts'
import { fitSigmoid } from './sigmoid.ts'

interface Workshop {
  readonly books: Arithmetic
  readonly values: Map<string, Held>
  readonly approximations: Approximation[]
}

const defaultDegree = 7
const defaultRange = 8
const maxSteps = 500

function find({ values }: Workshop, name: string): Held {
  const held = values.get(name)
  if (held !== undefined) return held
  throw new AppError('unprocessable', `There is no input or earlier result "${name}"`)
}

// Adds up the values of a vector: sums of 2, 4, 8 … neighbours, put together by the bits of the size.
function sum(books: Arithmetic, of: Held): Held {
  let block = of
  let total: Held | undefined
  for (let width = 1; width <= of.size; width *= 2) {
    if (Math.floor(of.size / width) % 2 === 1) {
      total = total === undefined ? block : books.add(block, books.rotate(total, width))
    }
    if (width * 2 <= of.size) block = books.add(block, books.rotate(block, width))
  }
  return { ...(total ?? of), size: 1, isRepeated: of.size === 1 && of.isRepeated }
}

function rotate(books: Arithmetic, of: Held, by: number): Held {
  if (!Number.isInteger(by) || Math.abs(by) >= of.size) {
    throw new AppError('unprocessable', `A vector of ${of.size} values is rotated by less than ${of.size} places`)
  }
  const steps = (by + of.size) % of.size
  const slots = books.machine.degree / 2
  const isRound = of.isRepeated && (slots % of.size === 0 || of.size + steps <= slots)
  if (!isRound) throw new AppError('unprocessable', 'Only a vector that repeats in its slots can be rotated')
  return { ...books.rotate(of, steps), isRepeated: slots % of.size === 0 }
}

function logistic(shop: Workshop, step: Extract<Step, { readonly op: 'logistic' }>): Held {
  const { books } = shop
  const { degree = defaultDegree, range = defaultRange, weights, intercept } = step
  const fit = fitSigmoid(degree, range)
  const score =
    typeof step.of === 'string'
      ? sum(books, books.weigh([find(shop, step.of)], [weights]))
      : books.weigh(
          step.of.map((name) => find(shop, name)),
          weights,
        )
  shop.approximations.push({ name: step.as, degree, range, ...fit })
  return evaluatePolynomial(books, books.addPlain(score, intercept), fit.coefficients)
}

function weightedSum(shop: Workshop, step: Extract<Step, { readonly op: 'weighted-sum' }>): Held {
  const of = step.of.map((name) => find(shop, name))
  const weighed = shop.books.weigh(of, step.weights)
  return step.intercept === undefined || step.intercept === 0 ? weighed : shop.books.addPlain(weighed, step.intercept)
}

function take(shop: Workshop, step: Step): Held {
  const { books } = shop
  switch (step.op) {
    case 'add':
      return books.add(find(shop, step.left), find(shop, step.right))
    case 'subtract':
      return books.subtract(find(shop, step.left), find(shop, step.right))
    case 'multiply':
      return books.multiply(find(shop, step.left), find(shop, step.right))
    case 'dot':
      return sum(books, books.multiply(find(shop, step.left), find(shop, step.right)))
    case 'negate':
      return books.negate(find(shop, step.of))
    case 'square':
      return books.multiply(find(shop, step.of), find(shop, step.of))
    case 'sum':
      return sum(books, find(shop, step.of))
    case 'add-plain':
      return books.addPlain(find(shop, step.of), step.values)
    case 'multiply-plain':
      return books.weigh([find(shop, step.of)], [step.values])
    case 'dot-plain':
      return sum(books, books.weigh([find(shop, step.of)], [step.weights]))
    case 'rotate':
      return rotate(books, find(shop, step.of), step.by)
    case 'total':
      return step.of.map((name) => find(shop, name)).reduce((left, right) => books.add(left, right))
    case 'weighted-sum':
      return weightedSum(shop, step)
    case 'polynomial':
      return evaluatePolynomial(books, find(shop, step.of), step.coefficients)
    case 'logistic':
      return logistic(shop, step)
    default:
      return step satisfies never
  }
}

function takeNamed(shop: Workshop, step: Step, number: number): void {
  try {
    if (shop.values.has(step.as)) throw new AppError('unprocessable', `The name "${step.as}" is taken already`)
    shop.values.set(step.as, take(shop, step))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new AppError(error.code, `Step ${number} (${step.op}): ${error.message}`, { cause: error })
  }
}

/**
 * Plans a computation on the named inputs.
 * @throws AppError 'unprocessable' naming the step and what it lacks: a level, a key, a size, a name
 */
export function planProgram(
  machine: Machine,
  inputs: readonly (VectorFacts & { readonly name: string })[],
  program: Program,
): Plan {
  if (program.steps.length > maxSteps)
    throw new AppError('unprocessable', `A computation has at most ${maxSteps} steps`)
  const books = createArithmetic(machine)
  const values = new Map(inputs.map(({ name, ...facts }) => [name, books.input(facts)]))
  if (values.size !== inputs.length) throw new AppError('unprocessable', 'Two inputs have the same name')
  const shop: Workshop = { books, values, approximations: [] }
  for (const [index, step] of program.steps.entries()) takeNamed(shop, step, index + 1)
  const outputs = program.outputs.map((name) => {
    const { register, size, primesLeft, scale } = find(shop, name)
    return { name, register, size, primesLeft, scale }
  })
  if (outputs.length === 0) throw new AppError('unprocessable', 'A computation must name at least one output')
  return { instructions: books.instructions, outputs, approximations: shop.approximations }
}
