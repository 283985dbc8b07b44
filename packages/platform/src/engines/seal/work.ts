// The work of the computing process: foreign bytes are checked in our own code, then loaded by SEAL, here and nowhere else.
import { readFile, writeFile } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type CheckedContext,
  checkContext,
  checkVector,
  type EvaluationKeys,
  levelsOf,
  loadEvaluationKeys,
  loadPublicKey,
  loadVector,
  openSession,
  planProgram,
  type RunningPlan,
  readTensealContext,
  type SealCiphertext,
  type SealModule,
  type SealSession,
  saveVector,
  slotsOf,
  startPlan,
  type VectorFacts,
} from '@xinglin/core/ckks'
import { AppError } from '@xinglin/core/errors'
import type { EncryptedContextFacts } from '../../kernel/ports.ts'
import { inflate, packingFor } from './compression.ts'
import type { ComputedVectors, NamedContext, SealLimits, SealResult, SealTask } from './protocol.ts'

interface HeldContext {
  readonly key: string
  readonly checked: CheckedContext
  readonly session: SealSession
  /** Loaded for the first computation; checking vectors needs none. */
  keys: EvaluationKeys | undefined
}

/** The work of one process; one context is held at a time. */
export interface SealWork {
  run(task: SealTask, onProgress: (done: number, total: number) => void): Promise<SealResult>
}

function closeContext({ keys, session }: HeldContext): void {
  keys?.relinKeys?.delete()
  keys?.galoisKeys?.delete()
  session.close()
}

// A context with a secret key ends here: it is neither loaded nor kept.
async function readContext(file: string, limits: SealLimits): Promise<CheckedContext> {
  const context = readTensealContext(await readFile(file))
  if (context.secretKey !== undefined) {
    throw new AppError('unprocessable', 'The context carries a secret key; send the public context only')
  }
  if (context.isSymmetric) {
    throw new AppError('unprocessable', 'The context is for symmetric encryption; make one with a public key')
  }
  return checkContext(context, inflate, limits)
}

function openContext(seal: SealModule, key: string, checked: CheckedContext): HeldContext {
  return { key, checked, session: openSession(seal, checked.parameters), keys: undefined }
}

function keysOf(held: HeldContext): EvaluationKeys {
  held.keys ??= loadEvaluationKeys(held.session, held.checked)
  return held.keys
}

function factsOf(held: HeldContext): EncryptedContextFacts {
  const { checked, session } = held
  keysOf(held) // SEAL itself must take them
  if (checked.publicKey !== undefined) loadPublicKey(session, checked).delete()
  return {
    degree: checked.degree,
    primes: checked.primes.map(String),
    slots: slotsOf(checked),
    levels: levelsOf(checked),
    scale: checked.globalScale,
    hasPublicKey: checked.publicKey !== undefined,
    hasRelinKeys: checked.hasRelinKeys,
    rotations: checked.rotations,
    sealVersion: `4.${checked.minorVersion}`,
  }
}

async function inspectVector({ checked, session }: HeldContext, file: string): Promise<VectorFacts> {
  const vector = checkVector(await readFile(file), checked.parameters, inflate)
  loadVector(session, vector).delete()
  const { size, primesLeft, scale } = vector
  return { size, primesLeft, scale }
}

type Compute = Extract<SealTask, { readonly kind: 'compute' }>

async function finish(running: RunningPlan, onProgress: (done: number, total: number) => void): Promise<void> {
  while (running.advance()) {
    onProgress(running.done, running.total)
    await nextTurn() // progress leaves, and the supervisor's question is answered, between two operations
  }
}

async function compute(
  held: HeldContext,
  task: Compute,
  onProgress: (done: number, total: number) => void,
): Promise<ComputedVectors> {
  const { checked, session } = held
  const vectors = await Promise.all(
    task.inputs.map(async ({ name, file }) => ({
      name,
      ...checkVector(await readFile(file), checked.parameters, inflate),
    })),
  )
  const plan = planProgram(checked, vectors, task.program)
  const inputs: SealCiphertext[] = []
  try {
    for (const vector of vectors) inputs.push(loadVector(session, vector))
    const running = startPlan({ session, keys: keysOf(held), plan, inputs })
    try {
      await finish(running, onProgress)
      const packing = packingFor(checked.minorVersion)
      const saved = running.results((name, result) => {
        const { size = 0, primesLeft = 0, scale = 0 } = plan.outputs.find((output) => output.name === name) ?? {}
        return { name, size, primesLeft, scale, bytes: saveVector(session, result, { size, packing }) }
      })
      const results = saved.map(async ({ bytes, ...facts }, index) => {
        const file = `${task.resultPrefix}${index}`
        await writeFile(file, bytes, { mode: 0o600 })
        return { ...facts, file }
      })
      const { approximations, instructions } = plan
      return { results: await Promise.all(results), approximations, operations: instructions.length }
    } finally {
      running.close()
    }
  } finally {
    for (const input of inputs) input.delete()
  }
}

/** Prepares the work on a SEAL instance. */
export function createSealWork(seal: SealModule, limits: SealLimits): SealWork {
  const state: { held?: HeldContext } = {}
  const forget = (): void => {
    if (state.held !== undefined) closeContext(state.held)
    delete state.held
  }
  const hold = async ({ key, file }: NamedContext): Promise<HeldContext> => {
    if (state.held?.key === key) return state.held
    if (file === undefined) throw new Error('The process was asked about a context that it does not hold')
    forget()
    state.held = openContext(seal, key, await readContext(file, limits))
    return state.held
  }
  return {
    async run(task, onProgress) {
      switch (task.kind) {
        case 'ping':
          return {}
        case 'inspect-context': {
          forget()
          const held = openContext(seal, '', await readContext(task.file, limits))
          try {
            return factsOf(held)
          } finally {
            closeContext(held)
          }
        }
        case 'inspect-vector':
          return inspectVector(await hold(task.context), task.file)
        case 'compute':
          return compute(await hold(task.context), task, onProgress)
        default:
          return task satisfies never
      }
    },
  }
}
