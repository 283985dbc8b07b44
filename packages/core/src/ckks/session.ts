// SEAL opened for one set of parameters; every object of WebAssembly memory has an owner that gives it back.
import { AppError } from '../errors/index.ts'
import { sealObject } from './seal-bytes.ts'
import type { Handle, LevelId, SealContext, SealEncoder, SealEvaluator, SealModule, Stored } from './seal-module.ts'
import { type CkksParameters, writeParameters } from './seal-parameters.ts'

/** SEAL with a context. */
export interface SealSession {
  readonly seal: SealModule
  readonly context: SealContext
  readonly parameters: CkksParameters
  readonly encoder: SealEncoder
  readonly evaluator: SealEvaluator
  /** Level with so many primes left. */
  levelOf(primesLeft: number): LevelId
  close(): void
}

// The text of what SEAL throws: a std::exception behind WebAssembly, or an Error.
function sealMessage(error: unknown): string {
  if (error instanceof Error) return error.message
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined
  return Array.isArray(message) ? String(message[1] ?? message[0]) : String(message ?? 'unknown')
}

/** Runs work of SEAL; what it throws becomes an AppError 'unprocessable' with SEAL's own words. */
export function withSeal<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('unprocessable', `${what}: ${sealMessage(cause)}`, { cause })
  }
}

/** Uses an object and gives its memory back. */
export function using<H extends Handle, T>(handle: H, work: (handle: H) => T): T {
  try {
    return work(handle)
  } finally {
    handle.delete()
  }
}

/** Loads checked bytes into an object; gives it back when they are refused. */
export function load<S extends Stored>(
  what: string,
  target: S,
  session: Pick<SealSession, 'context'>,
  bytes: Uint8Array,
): S {
  try {
    withSeal(what, () => target.loadFromArray(session.context, bytes))
    return target
  } catch (error) {
    target.delete()
    throw error
  }
}

function levelsOf(context: SealContext, count: number): readonly LevelId[] {
  const levels: LevelId[] = []
  let data = context.firstContextData()
  for (let left = count; left >= 1; left -= 1) {
    levels[left] = data.parmsId()
    const next = left > 1 ? data.nextContextData() : undefined
    data.delete()
    if (next === undefined) break
    data = next
  }
  return levels
}

/**
 * Opens SEAL for checked parameters.
 * @throws AppError 'unprocessable' when SEAL finds them not valid or below 128 bits of security
 */
export function openSession(seal: SealModule, parameters: CkksParameters): SealSession {
  const own = new seal.EncryptionParameters(seal.SchemeType.ckks)
  const context = using(own, () => {
    withSeal('The parameters cannot be read', () => own.loadFromArray(sealObject(writeParameters(parameters))))
    return new seal.SEALContext(own, true, seal.SecLevelType.tc128)
  })
  if (!context.parametersSet()) {
    context.delete()
    throw new AppError('unprocessable', 'SEAL finds these parameters not valid at 128 bits of security')
  }
  const encoder = new seal.CKKSEncoder(context)
  const evaluator = new seal.Evaluator(context)
  const levels = levelsOf(context, parameters.primes.length - 1)
  return {
    ...{ seal, context, parameters, encoder, evaluator },
    levelOf(primesLeft) {
      const level = levels[primesLeft]
      if (level === undefined) throw new Error(`There is no level with ${primesLeft} primes`)
      return level
    },
    close() {
      for (const handle of [...levels.filter((level) => level !== undefined), evaluator, encoder, context])
        handle.delete()
    },
  }
}
