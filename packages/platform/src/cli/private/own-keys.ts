// The programs of key owners and data owners: keys, encryption and decryption on their own machine.
import {
  type CheckedContext,
  type CkksChoice,
  checkContext,
  checkVector,
  decryptVector,
  encryptVector,
  loadPublicKey,
  loadSecretKey,
  makeKeys,
  openSession,
  type SealModule,
  type SealSession,
  type TensealContext,
  using,
} from '@xinglin/core/ckks'
import { AppError } from '@xinglin/core/errors'
import { inflate, openSeal, packingFor } from '../../engines/seal/index.ts'

/** What somebody can do with a context on the own machine. */
export interface OwnContext {
  readonly checked: CheckedContext
  /** A TenSEAL vector. @throws AppError 'unprocessable' */
  encrypt(values: readonly number[]): Uint8Array
  /** @throws AppError 'unprocessable' when this is not the key owner's own context, or the vector is not one */
  decrypt(vector: Uint8Array): readonly number[]
  close(): void
}

// What one reads of one's own may be large; a stranger's limits are the server's.
const limits = { maxDegree: 32_768, maxKeyBytes: 2 ** 31 }

/** Makes keys for a choice of parameters; `sealMinor` 3 is read by TenSEAL 0.3.18, 1 by TenSEAL 0.3.16. */
export async function makeOwnKeys(
  choice: CkksChoice,
  rotations: readonly number[],
  sealMinor: number,
): Promise<TensealContext> {
  return makeKeys(await openSeal(), { choice, rotations, packing: packingFor(sealMinor) })
}

function scaleOf({ globalScale }: CheckedContext): number {
  if (globalScale !== undefined) return globalScale
  throw new AppError('unprocessable', 'The context names no scale; set one before writing it (context.global_scale)')
}

function encryptWith(session: SealSession, checked: CheckedContext, values: readonly number[]): Uint8Array {
  const wish = { values, scale: scaleOf(checked), packing: packingFor(checked.minorVersion) }
  return using(loadPublicKey(session, checked), (key) => encryptVector(session, key, wish))
}

function openWith(seal: SealModule, context: TensealContext): OwnContext {
  // Evaluation keys are of no use here and are the larger part.
  const checked = checkContext({ ...context, relinKeys: undefined, galoisKeys: undefined }, inflate, limits)
  const session = openSession(seal, checked.parameters)
  return {
    checked,
    encrypt: (values) => encryptWith(session, checked, values),
    decrypt: (bytes) =>
      using(loadSecretKey(session, context, inflate), (key) =>
        decryptVector(session, key, checkVector(bytes, checked.parameters, inflate)),
      ),
    close: () => session.close(),
  }
}

/** Opens a context, public or with its secret key. @throws AppError 'unprocessable' */
export async function openOwnContext(context: TensealContext): Promise<OwnContext> {
  return openWith(await openSeal(), context)
}
