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

/** Begins a computation. */
export function createArithmetic(machine: Machine): Arithmetic {
  const instructions: Instruction[] = []
  const counter = { next: 0 }
  const emit = (instruction: Instruction): void => {
    if (instructions.length === maxInstructions) refuse(`The computation has more than ${maxInstructions} operations`)
    instructions.push(instruction)
  }
  const fresh = (): number => counter.next++

  const lower = (of: Held, primesLeft: number): Held => {
    if (of.primesLeft === primesLeft) return of
    demandRoom(machine, of.scale, primesLeft)
    const to = fresh()
    emit({ kind: 'lower', of: of.register, primesLeft, to })
    return { ...of, register: to, primesLeft }
  }

  const weigh: Arithmetic['weigh'] = (of, values, scale) => {
    const [first] = of
    if (first === undefined || of.length !== values.length) return refuse('Each vector needs its weight')
    const used = of.flatMap((held, index) => {
      const own = values[index] ?? 0
      checkSameSize(first, held)
      checkPlain(held, own)
      return isZero(own) ? [] : [{ held, own }]
    })
    if (used.length === 0) return refuse('All weights are 0: the result would be the same for everybody and not secret')
    const primesLeft = Math.min(...used.map(({ held }) => held.primesLeft))
    demandLevels({ primesLeft }, 1)
    const wished = scale ?? used[0]?.held.scale ?? first.scale
    const lowered = used.map(({ held }) => lower(held, primesLeft))
    const shared = lowered[0]?.scale ?? first.scale
    if (lowered.some((held) => !isSame(held.scale, shared))) return refuse('The vectors have different scales')
    const plainScale = (wished * nextPrime(machine, primesLeft)) / shared
    if (plainScale < 1) return refuse('The scales of these vectors leave no room for weights')
    demandRoom(machine, wished, primesLeft - 1)
    const to = fresh()
    emit({
      ...{ kind: 'weigh', of: lowered.map(({ register }) => register), values: used.map(({ own }) => own) },
      ...{ plainScale, scale: wished, to },
    })
    const isRepeated = lowered.every((held) => held.isRepeated)
    return { register: to, size: first.size, primesLeft: primesLeft - 1, scale: wished, isRepeated }
  }

  // Brings two vectors to one level and one scale; a real difference of scales costs the higher one a level.
  const align = (left: Held, right: Held): readonly [Held, Held] => {
    checkSameSize(left, right)
    const primesLeft = Math.min(left.primesLeft, right.primesLeft)
    if (isSame(left.scale, right.scale)) return [lower(left, primesLeft), lower(right, primesLeft)]
    const [high, low] = left.primesLeft > right.primesLeft ? [left, right] : [right, left]
    if (high.primesLeft > low.primesLeft) {
      const fitted = weigh([lower(high, low.primesLeft + 1)], [1], low.scale)
      return high === left ? [fitted, low] : [low, fitted]
    }
    demandLevels(left, 1)
    const fitted = weigh([left], [1], right.scale)
    return [fitted, lower(right, fitted.primesLeft)]
  }

  const combine = (kind: 'add' | 'subtract', given: Held, other: Held): Held => {
    const [left, right] = align(given, other)
    const to = fresh()
    emit({ kind, left: left.register, right: right.register, to })
    return { ...left, register: to, isRepeated: left.isRepeated && right.isRepeated }
  }

  const multiply = (given: Held, other: Held): Held => {
    checkSameSize(given, other)
    if (!machine.hasRelinKeys) return refuse('The context has no relinearisation keys, so vectors cannot be multiplied')
    const primesLeft = Math.min(given.primesLeft, other.primesLeft)
    demandLevels({ primesLeft }, 1)
    const [left, right] = [lower(given, primesLeft), lower(other, primesLeft)]
    const scale = (left.scale * right.scale) / nextPrime(machine, primesLeft)
    demandRoom(machine, left.scale * right.scale, primesLeft)
    demandRoom(machine, scale, primesLeft - 1)
    const to = fresh()
    emit({ kind: 'multiply', left: left.register, right: right.register, scale, to })
    const isRepeated = left.isRepeated && right.isRepeated
    return { register: to, size: left.size, primesLeft: primesLeft - 1, scale, isRepeated }
  }

  const rotate = (of: Held, by: number): Held => {
    let register = of.register
    for (const step of rotationPath(machine, by)) {
      const to = fresh()
      emit({ kind: 'rotate', of: register, by: step, to })
      register = to
    }
    return { ...of, register }
  }

  return {
    machine,
    instructions,
    input: (facts) => ({ ...facts, register: fresh(), isRepeated: true }),
    add: (left, right) => combine('add', left, right),
    subtract: (left, right) => combine('subtract', left, right),
    negate(of) {
      const to = fresh()
      emit({ kind: 'negate', of: of.register, to })
      return { ...of, register: to }
    },
    addPlain(of, values) {
      checkPlain(of, values)
      const to = fresh()
      emit({ kind: 'add-plain', of: of.register, values, to })
      return { ...of, register: to }
    },
    ...{ multiply, weigh, rotate, lower },
  }
}

function isSame(left: number, right: number): boolean {
  return Math.abs(left - right) <= sameScale * Math.max(left, right)
}
