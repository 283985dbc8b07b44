// A key owner, a data owner and a computing server around a given SEAL, for the tests of this folder and of those who stand on it.
import {
  type CheckedContext,
  type CkksChoice,
  checkContext,
  checkVector,
  decryptVector,
  encryptVector,
  executePlan,
  type Inflate,
  loadEvaluationKeys,
  loadPublicKey,
  loadSecretKey,
  loadVector,
  makeKeys,
  openSession,
  type Packing,
  type Program,
  planProgram,
  readTensealContext,
  type SealModule,
  saveVector,
  type TensealContext,
  writeTensealContext,
} from '../index.ts'

/** Limits of the tests. */
export const limits = { maxDegree: 16384, maxKeyBytes: 2 ** 28 }

/** A computation that is ready to run. */
export interface Prepared {
  run(): void
  close(): void
}

/** A key owner, a data owner and a computing server in one. */
export interface Bench {
  readonly context: TensealContext
  readonly checked: CheckedContext
  encrypt(values: readonly number[]): Uint8Array
  decrypt(vector: Uint8Array): readonly number[]
  /** Computes on TenSEAL vectors; gives TenSEAL vectors by name. */
  compute(inputs: Readonly<Record<string, Uint8Array>>, program: Program): Readonly<Record<string, Uint8Array>>
  /** Checks and loads vectors and plans, so that the arithmetic alone can be run and timed. */
  prepare(inputs: Readonly<Record<string, Uint8Array>>, program: Program): Prepared
  /** Checks and loads a vector, and gives its memory back. */
  load(vector: Uint8Array): void
  close(): void
}

/** What SEAL and the decompression come from. */
export interface BenchParts {
  readonly seal: SealModule
  readonly inflate: Inflate
  readonly packing: Packing
}

/** Makes keys and opens everything. */
export function openBench(
  { seal, inflate, packing }: BenchParts,
  choice: CkksChoice,
  rotations: readonly number[],
): Bench {
  // The way of the bytes is the way of the product: written, read, checked, loaded.
  const context = readTensealContext(writeTensealContext(makeKeys(seal, { choice, rotations, packing })))
  const checked = checkContext(context, inflate, limits)
  const session = openSession(seal, checked.parameters)
  const keys = loadEvaluationKeys(session, checked)
  const publicKey = loadPublicKey(session, checked)
  const secretKey = loadSecretKey(session, context, inflate)
  const scale = context.globalScale ?? 0
  const check = (vector: Uint8Array) => checkVector(vector, checked.parameters, inflate)
  const ready = (inputs: Readonly<Record<string, Uint8Array>>, program: Program) => {
    const vectors = Object.entries(inputs).map(([name, vector]) => ({ name, ...check(vector) }))
    const plan = planProgram(checked, vectors, program)
    const loaded = vectors.map((vector) => loadVector(session, vector))
    const close = (): void => {
      for (const one of loaded) one.delete()
    }
    return { loaded, plan, close }
  }
  return {
    context,
    checked,
    encrypt: (values) => encryptVector(session, publicKey, { values, scale, packing }),
    decrypt: (vector) => decryptVector(session, secretKey, check(vector)),
    compute(inputs, program) {
      const { loaded, plan, close } = ready(inputs, program)
      try {
        const saved = executePlan({ session, keys, plan, inputs: loaded }, (name, result) => {
          const size = plan.outputs.find((output) => output.name === name)?.size ?? 0
          return [name, saveVector(session, result, { size, packing })] as const
        })
        return Object.fromEntries(saved)
      } finally {
        close()
      }
    },
    prepare(inputs, program) {
      const { loaded, plan, close } = ready(inputs, program)
      return { run: () => void executePlan({ session, keys, plan, inputs: loaded }, () => undefined), close }
    },
    load: (vector) => loadVector(session, check(vector)).delete(),
    close() {
      for (const key of [keys.relinKeys, keys.galoisKeys, publicKey, secretKey]) key?.delete()
      session.close()
    },
  }
}
