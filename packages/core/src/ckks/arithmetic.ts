// The bookkeeping of CKKS: which prime is spent, which scale comes out, and a clear word when no level is left (pure).
// Scales are kept exact: plain factors are written at the scale that makes the product come out at the wished one.
import { AppError } from '../errors/index.ts'
import type { Instruction, Machine, PlainValues, VectorFacts } from './program.ts'
import { rotationPath } from './rotation-path.ts'
import { bitsOf } from './seal-parameters.ts'

/** An encrypted vector in a register. */
export interface Held extends VectorFacts {
  readonly register: number
  /** True when the values fill all slots over and over, as fresh vectors do. */
  readonly isRepeated: boolean
}

/** Writes instructions and keeps the books. */
export interface Arithmetic {
  readonly machine: Machine
  readonly instructions: readonly Instruction[]
  input(facts: VectorFacts): Held
  add(left: Held, right: Held): Held
  subtract(left: Held, right: Held): Held
  negate(of: Held): Held
  addPlain(of: Held, values: PlainValues): Held
  multiply(left: Held, right: Held): Held
  /** Σ ofⱼ · valuesⱼ at the wished scale; default the scale of the first. */
  weigh(of: readonly Held[], values: readonly PlainValues[], scale?: number): Held
  rotate(of: Held, by: number): Held
  lower(of: Held, primesLeft: number): Held
}

// Rounding of double arithmetic on scales; anything larger is a real difference.
const sameScale = 1e-12
const maxInstructions = 20_000

const refuse = (message: string): never => {
  throw new AppError('unprocessable', message)
}

/** The prime that the next rescaling of a vector spends. */
export function nextPrime({ primes }: Machine, primesLeft: number): number {
  return Number(primes[primesLeft - 1] ?? 1n)
}

/** @throws AppError 'unprocessable' when a vector has fewer levels left than are needed */
export function demandLevels(of: Pick<VectorFacts, 'primesLeft'>, levels: number): void {
  const left = of.primesLeft - 1
  if (left >= levels) return
  refuse(
    `${levels} more multiplications in a row are needed but the parameters leave ${left}: choose a larger degree with more primes, e.g. 16384 with 60, 40, 40, 40, 40, 60 bits for four levels`,
  )
}

function demandRoom(machine: Machine, scale: number, primesLeft: number): void {
  const bits = machine.primes.slice(0, primesLeft).reduce((sum, prime) => sum + bitsOf(prime), 0)
  if (scale >= 1 && Math.log2(scale) + 1 < bits) return
  refuse(`A scale of 2^${Math.round(Math.log2(scale))} does not fit into the ${bits} bits that are left at this level`)
}

const sizeOf = (values: PlainValues): number | undefined => (typeof values === 'number' ? undefined : values.length)

function checkPlain(of: Held, values: PlainValues): void {
  const size = sizeOf(values)
  if (size !== undefined && size !== of.size)
    refuse(`The vector has ${of.size} values but ${size} plain ones are given`)
  const list = typeof values === 'number' ? [values] : values
  if (list.some((value) => !Number.isFinite(value))) refuse('A plain value is not a finite number')
}

function checkSameSize(left: Held, right: Held): void {
  if (left.size !== right.size)
    refuse(`The vectors have ${left.size} and ${right.size} values; they must have the same number`)
}

const isZero = (values: PlainValues): boolean =>
  typeof values === 'number' ? values === 0 : values.every((value) => value === 0)

function isSame(left: number, right: number): boolean {
  return Math.abs(left - right) <= sameScale * Math.max(left, right)
}

interface Books {
  readonly machine: Machine
  readonly instructions: Instruction[]
  nextRegister: number
}

// Writes an instruction for a fresh register and gives that register.
function emit(books: Books, make: (to: number) => Instruction): number {
  const { instructions } = books
  if (instructions.length === maxInstructions) refuse(`The computation has more than ${maxInstructions} operations`)
  const to = books.nextRegister++
  instructions.push(make(to))
  return to
}

function lower(books: Books, of: Held, primesLeft: number): Held {
  if (of.primesLeft === primesLeft) return of
  demandRoom(books.machine, of.scale, primesLeft)
  const register = emit(books, (to) => ({ kind: 'lower', of: of.register, primesLeft, to }))
  return { ...of, register, primesLeft }
}

interface Weighed {
  readonly held: Held
  readonly own: PlainValues
}

// Vectors with weights that are not 0.
function usedWeights(of: readonly Held[], values: readonly PlainValues[]): readonly [Weighed, ...Weighed[]] {
  const [head] = of
  if (head === undefined || of.length !== values.length) return refuse('Each vector needs its weight')
  const [first, ...others] = of.flatMap((held, index) => {
    const own = values[index] ?? 0
    checkSameSize(head, held)
    checkPlain(held, own)
    return isZero(own) ? [] : [{ held, own }]
  })
  if (first !== undefined) return [first, ...others]
  return refuse('All weights are 0: the result would be the same for everybody and not secret')
}

function weigh(books: Books, used: readonly [Weighed, ...Weighed[]], scale = used[0].held.scale): Held {
  const { machine } = books
  const primesLeft = Math.min(...used.map(({ held }) => held.primesLeft))
  demandLevels({ primesLeft }, 1)
  const [{ held: first }] = used
  if (used.some(({ held }) => !isSame(held.scale, first.scale))) refuse('The vectors have different scales')
  const of = used.map(({ held }) => lower(books, held, primesLeft).register)
  const plainScale = (scale * nextPrime(machine, primesLeft)) / first.scale
  if (plainScale < 1) refuse('The scales of these vectors leave no room for weights')
  demandRoom(machine, scale, primesLeft - 1)
  const values = used.map(({ own }) => own)
  const register = emit(books, (to) => ({ kind: 'weigh', of, values, plainScale, scale, to }))
  const isRepeated = used.every(({ held }) => held.isRepeated)
  return { register, size: first.size, primesLeft: primesLeft - 1, scale, isRepeated }
}

// Brings two vectors to one level and one scale; a real difference of scales costs the higher one a level.
function align(books: Books, left: Held, right: Held): readonly [Held, Held] {
  checkSameSize(left, right)
  const primesLeft = Math.min(left.primesLeft, right.primesLeft)
  if (isSame(left.scale, right.scale)) return [lower(books, left, primesLeft), lower(books, right, primesLeft)]
  const [high, low] = left.primesLeft > right.primesLeft ? [left, right] : [right, left]
  if (high.primesLeft > low.primesLeft) {
    const fitted = weigh(books, [{ held: lower(books, high, low.primesLeft + 1), own: 1 }], low.scale)
    return high === left ? [fitted, low] : [low, fitted]
  }
  const fitted = weigh(books, [{ held: left, own: 1 }], right.scale)
  return [fitted, lower(books, right, fitted.primesLeft)]
}

function combine(books: Books, kind: 'add' | 'subtract', given: readonly [Held, Held]): Held {
  const [left, right] = align(books, ...given)
  const register = emit(books, (to) => ({ kind, left: left.register, right: right.register, to }))
  return { ...left, register, isRepeated: left.isRepeated && right.isRepeated }
}

function multiply(books: Books, given: Held, other: Held): Held {
  const { machine } = books
  checkSameSize(given, other)
  if (!machine.hasRelinKeys) refuse('The context has no relinearisation keys, so vectors cannot be multiplied')
  const primesLeft = Math.min(given.primesLeft, other.primesLeft)
  demandLevels({ primesLeft }, 1)
  const [left, right] = [lower(books, given, primesLeft), lower(books, other, primesLeft)]
  const scale = (left.scale * right.scale) / nextPrime(machine, primesLeft)
  demandRoom(machine, left.scale * right.scale, primesLeft)
  demandRoom(machine, scale, primesLeft - 1)
  const register = emit(books, (to) => ({ kind: 'multiply', left: left.register, right: right.register, scale, to }))
  return { ...left, register, primesLeft: primesLeft - 1, scale, isRepeated: left.isRepeated && right.isRepeated }
}

function rotate(books: Books, of: Held, by: number): Held {
  let register = of.register
  for (const step of rotationPath(books.machine, by)) {
    const from = register
    register = emit(books, (to) => ({ kind: 'rotate', of: from, by: step, to }))
  }
  return { ...of, register }
}

/** Begins a computation. */
export function createArithmetic(machine: Machine): Arithmetic {
  const books: Books = { machine, instructions: [], nextRegister: 0 }
  return {
    machine,
    instructions: books.instructions,
    input: (facts) => ({ ...facts, register: books.nextRegister++, isRepeated: true }),
    add: (left, right) => combine(books, 'add', [left, right]),
    subtract: (left, right) => combine(books, 'subtract', [left, right]),
    negate: (of) => ({ ...of, register: emit(books, (to) => ({ kind: 'negate', of: of.register, to })) }),
    addPlain(of, values) {
      checkPlain(of, values)
      return { ...of, register: emit(books, (to) => ({ kind: 'add-plain', of: of.register, values, to })) }
    },
    multiply: (left, right) => multiply(books, left, right),
    weigh: (of, values, scale) => weigh(books, usedWeights(of, values), scale),
    rotate: (of, by) => rotate(books, of, by),
    lower: (of, primesLeft) => lower(books, of, primesLeft),
  }
}
