// Carries a plan out on ciphertexts: the only place where the server computes. It needs evaluation keys and never a secret one.
import { AppError } from '../errors/index.ts'
import type { Instruction, PlainValues, Plan } from './program.ts'
import type { SealCiphertext, SealPlaintext, Stored } from './seal-module.ts'
import { slotsOf } from './seal-parameters.ts'
import { type SealSession, using, withSeal } from './session.ts'

/** The keys that a computation may need. */
export interface EvaluationKeys {
  readonly relinKeys: Stored | undefined
  readonly galoisKeys: Stored | undefined
}

/** What is carried out. */
export interface Execution {
  readonly session: SealSession
  readonly keys: EvaluationKeys
  readonly plan: Plan
  /** In the order of the plan's inputs; they stay the caller's. */
  readonly inputs: readonly SealCiphertext[]
}

type Registers = Map<number, SealCiphertext>

// A vector fills all slots over and over, so that rotations turn it round, as in TenSEAL.
function slotValues(session: SealSession, values: PlainValues): Float64Array {
  const slots = new Float64Array(slotsOf(session.parameters))
  if (typeof values === 'number') return slots.fill(values)
  for (let slot = 0; slot < slots.length; slot += 1) slots[slot] = values[slot % values.length] ?? 0
  return slots
}

/** Encodes values at a scale and the level of a ciphertext, and gives them to `work`. */
export function withPlain<T>(
  session: SealSession,
  given: { readonly values: PlainValues; readonly scale: number; readonly like: SealCiphertext },
  work: (plain: SealPlaintext) => T,
): T {
  return using(new session.seal.Plaintext(), (plain) => {
    session.encoder.encode(slotValues(session, given.values), given.scale, plain)
    using(given.like.parmsId(), (level) => session.evaluator.plainModSwitchToInplace(plain, level))
    return work(plain)
  })
}

function read(registers: Registers, register: number): SealCiphertext {
  const found = registers.get(register)
  if (found === undefined) throw new Error(`The plan reads the register ${register} before it is written`)
  return found
}

function demandKeys(keys: Stored | undefined, what: string): Stored {
  if (keys !== undefined) return keys
  throw new AppError('unprocessable', `The context has no ${what}`)
}

// Scales that are equal up to the rounding of doubles are made equal: SEAL compares them almost exactly.
function equalise(left: SealCiphertext, right: SealCiphertext): void {
  const [one, other] = [left.scale(), right.scale()]
  if (one !== other && Math.abs(one - other) <= 1e-9 * Math.max(one, other)) right.setScale(one)
}

type Weigh = Extract<Instruction, { readonly kind: 'weigh' }>
type Combine = Extract<Instruction, { readonly kind: 'add' | 'subtract' }>
type Multiply = Extract<Instruction, { readonly kind: 'multiply' }>

function weigh({ session }: Execution, registers: Registers, instruction: Weigh, to: SealCiphertext): void {
  const { evaluator, seal } = session
  for (const [index, register] of instruction.of.entries()) {
    const of = read(registers, register)
    const values = instruction.values[index] ?? 0
    withPlain(session, { values, scale: instruction.plainScale, like: of }, (plain) => {
      if (index === 0) {
        evaluator.multiplyPlain(of, plain, to)
        return
      }
      using(new seal.Ciphertext(), (product) => {
        evaluator.multiplyPlain(of, plain, product)
        evaluator.addInplace(to, product)
      })
    })
  }
  evaluator.rescaleToNextInplace(to)
  to.setScale(instruction.scale)
}

function combine({ session }: Execution, registers: Registers, instruction: Combine, to: SealCiphertext): void {
  const [left, right] = [read(registers, instruction.left), read(registers, instruction.right)]
  equalise(left, right)
  if (instruction.kind === 'add') session.evaluator.add(left, right, to)
  else session.evaluator.sub(left, right, to)
}

function multiply(execution: Execution, registers: Registers, instruction: Multiply, to: SealCiphertext): void {
  const { evaluator } = execution.session
  const [left, right] = [read(registers, instruction.left), read(registers, instruction.right)]
  if (left === right) evaluator.square(left, to)
  else evaluator.multiply(left, right, to)
  evaluator.relinearizeInplace(to, demandKeys(execution.keys.relinKeys, 'relinearisation keys'))
  evaluator.rescaleToNextInplace(to)
  to.setScale(instruction.scale)
}

function carryOut(execution: Execution, registers: Registers, instruction: Instruction, to: SealCiphertext): void {
  const { session, keys } = execution
  const { evaluator } = session
  switch (instruction.kind) {
    case 'add':
    case 'subtract':
      combine(execution, registers, instruction, to)
      break
    case 'negate':
      evaluator.negate(read(registers, instruction.of), to)
      break
    case 'multiply':
      multiply(execution, registers, instruction, to)
      break
    case 'weigh':
      weigh(execution, registers, instruction, to)
      break
    case 'add-plain': {
      const of = read(registers, instruction.of)
      const given = { values: instruction.values, scale: of.scale(), like: of }
      withPlain(session, given, (plain) => evaluator.addPlain(of, plain, to))
      break
    }
    case 'rotate': {
      const galoisKeys = demandKeys(keys.galoisKeys, 'Galois keys')
      evaluator.rotateVector(read(registers, instruction.of), instruction.by, galoisKeys, to)
      break
    }
    case 'lower':
      evaluator.cipherModSwitchTo(read(registers, instruction.of), session.levelOf(instruction.primesLeft), to)
      break
    default:
      instruction satisfies never
  }
}

function readsOf(instruction: Instruction): readonly number[] {
  if ('left' in instruction) return [instruction.left, instruction.right]
  return typeof instruction.of === 'number' ? [instruction.of] : instruction.of
}

// When each register is read for the last time; those of results stay.
function lastUses({ instructions, outputs }: Plan): ReadonlyMap<number, number> {
  const uses = new Map<number, number>()
  for (const [index, instruction] of instructions.entries()) {
    for (const register of readsOf(instruction)) uses.set(register, index)
    if (!uses.has(instruction.to)) uses.set(instruction.to, index)
  }
  for (const { register } of outputs) uses.set(register, Number.POSITIVE_INFINITY)
  return uses
}

function release(registers: Registers, owned: Set<SealCiphertext>, register: number): void {
  const done = registers.get(register)
  if (done === undefined || !owned.delete(done)) return
  registers.delete(register)
  done.delete()
}

/** A plan under way: one operation at a time, so that a process can answer in between. */
export interface RunningPlan {
  readonly total: number
  readonly done: number
  /** Carries out the next operation; false when there is none left. @throws AppError 'unprocessable' with SEAL's words */
  advance(): boolean
  /** Hands each result to `take` before its memory is given back. @throws AppError 'unprocessable' for one that is no secret */
  results<T>(take: (name: string, result: SealCiphertext) => T): readonly T[]
  close(): void
}

/** Begins to carry out a plan; the inputs stay the caller's. */
export function startPlan(execution: Execution): RunningPlan {
  const { session, plan, inputs } = execution
  const registers: Registers = new Map(inputs.map((input, register) => [register, input]))
  const owned = new Set<SealCiphertext>()
  const uses = lastUses(plan)
  const state = { done: 0 }
  return {
    total: plan.instructions.length,
    get done() {
      return state.done
    },
    advance() {
      const index = state.done
      const instruction = plan.instructions[index]
      if (instruction === undefined) return false
      const to = new session.seal.Ciphertext()
      owned.add(to)
      withSeal(`The operation ${index + 1} (${instruction.kind}) failed`, () =>
        carryOut(execution, registers, instruction, to),
      )
      registers.set(instruction.to, to)
      for (const register of [...readsOf(instruction), instruction.to]) {
        if ((uses.get(register) ?? index) <= index) release(registers, owned, register)
      }
      state.done += 1
      return true
    },
    results: (take) =>
      plan.outputs.map(({ name, register }) => {
        const result = read(registers, register)
        if (!result.isTransparent()) return take(name, result)
        throw new AppError('unprocessable', `The result ${name} would be readable by everybody: it holds no secret`)
      }),
    close() {
      for (const ciphertext of owned) ciphertext.delete()
      owned.clear()
    },
  }
}

/**
 * Carries a whole plan out.
 * @throws AppError 'unprocessable' with SEAL's words when an operation is not possible on these ciphertexts
 */
export function executePlan<T>(execution: Execution, take: (name: string, result: SealCiphertext) => T): readonly T[] {
  const running = startPlan(execution)
  try {
    while (running.advance());
    return running.results(take)
  } finally {
    running.close()
  }
}
