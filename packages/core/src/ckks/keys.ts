// Keys: made by their owner, checked by everybody who reads them, and loaded into SEAL.
import { AppError } from '../errors/index.ts'
import type { EvaluationKeys } from './execute.ts'
import type { Machine } from './program.ts'
import {
  headerBytes,
  type Inflate,
  openObject,
  type Packing,
  packObject,
  readHeader,
  sealObject,
} from './seal-bytes.ts'
import {
  checkPublicKey,
  checkSecretKey,
  checkSwitchingKeys,
  publicKeyBytes,
  rotationsOf,
  switchingKeysBytes,
} from './seal-keys.ts'
import type { SealModule, Stored } from './seal-module.ts'
import {
  type CkksChoice,
  type CkksParameters,
  checkChoice,
  readParameters,
  slotsOf,
  writeParameters,
} from './seal-parameters.ts'
import { load, openSession, type SealSession, using, withSeal } from './session.ts'
import type { TensealContext } from './tenseal.ts'

/** A context from outside, checked; keys are uncompressed SEAL objects that SEAL 4.1 loads. */
export interface CheckedContext extends Machine {
  readonly parameters: CkksParameters
  /** The y of the SEAL 4.y that wrote the context: what is written for its owner has the same version. */
  readonly minorVersion: number
  readonly globalScale: number | undefined
  readonly publicKey: Uint8Array | undefined
  readonly relinKeys: Uint8Array | undefined
  readonly galoisKeys: Uint8Array | undefined
}

/** How much a context may take. */
export interface ContextLimits {
  readonly maxDegree: number
  /** Most bytes of all its keys together when they are uncompressed. */
  readonly maxKeyBytes: number
}

const maxParameterBytes = 2048
const seedRoom = 4096

/** Reads the parameters of a context. @throws AppError 'unprocessable' */
export function parametersOf(context: TensealContext, inflate: Inflate): CkksParameters {
  return readParameters(openObject(context.encryptionParameters, inflate, maxParameterBytes))
}

/**
 * Checks a context and its public and evaluation keys without loading them. A secret key is not looked at.
 * @throws AppError 'unprocessable' naming what does not fit
 */
export function checkContext(context: TensealContext, inflate: Inflate, limits: ContextLimits): CheckedContext {
  const parameters = parametersOf(context, inflate)
  const { degree } = parameters
  if (degree > limits.maxDegree) {
    throw new AppError('unprocessable', `The degree ${degree} is above the ${limits.maxDegree} that this server takes`)
  }
  const open = (bytes: Uint8Array, keys: number): Uint8Array =>
    openObject(bytes, inflate, Math.min(limits.maxKeyBytes, switchingKeysBytes(parameters, keys)))
  const { publicKey, relinKeys, galoisKeys } = context
  const checkedPublic =
    publicKey === undefined
      ? undefined
      : checkPublicKey(openObject(publicKey, inflate, publicKeyBytes(parameters) + seedRoom), parameters)
  const relin = relinKeys === undefined ? undefined : checkSwitchingKeys(open(relinKeys, 1), parameters)
  const galois =
    galoisKeys === undefined ? undefined : checkSwitchingKeys(open(galoisKeys, 2 * Math.log2(degree)), parameters)
  return {
    ...{ parameters, degree, primes: parameters.primes, globalScale: context.globalScale },
    minorVersion: readHeader(context.encryptionParameters).minorVersion,
    publicKey: checkedPublic?.bytes,
    relinKeys: relin?.bytes,
    galoisKeys: galois?.bytes,
    hasRelinKeys: relin?.places.includes(0) ?? false,
    rotations: galois === undefined ? [] : rotationsOf(galois.places, parameters),
  }
}

/** Loads the evaluation keys of a checked context; they are the caller's to delete. */
export function loadEvaluationKeys(session: SealSession, context: CheckedContext): EvaluationKeys {
  const { seal } = session
  const take = (what: string, target: () => Stored, bytes: Uint8Array | undefined): Stored | undefined =>
    bytes === undefined ? undefined : load(`SEAL refuses the ${what}`, target(), session, bytes)
  return {
    relinKeys: take('relinearisation keys', () => new seal.RelinKeys(), context.relinKeys),
    galoisKeys: take('Galois keys', () => new seal.GaloisKeys(), context.galoisKeys),
  }
}

/** Loads a public key; it is the caller's to delete. @throws AppError 'unprocessable' when there is none */
export function loadPublicKey(session: SealSession, context: CheckedContext): Stored {
  if (context.publicKey === undefined) throw new AppError('unprocessable', 'The context has no public key')
  return load('SEAL refuses the public key', new session.seal.PublicKey(), session, context.publicKey)
}

/** Loads a secret key from its owner's own context. @throws AppError 'unprocessable' when there is none */
export function loadSecretKey(session: SealSession, context: TensealContext, inflate: Inflate): Stored {
  if (context.secretKey === undefined) throw new AppError('unprocessable', 'The context has no secret key')
  const { degree, primes } = session.parameters
  const members = openObject(context.secretKey, inflate, degree * primes.length * 8 + seedRoom)
  const { bytes } = checkSecretKey(members, session.parameters)
  return load('SEAL refuses the secret key', new session.seal.SecretKey(), session, bytes)
}

/** What keys are made for. */
export interface KeyWish {
  readonly choice: CkksChoice
  /** Rotations to the left that shall be possible, 1 to N/2 - 1; each costs the size of a key. */
  readonly rotations: readonly number[]
  readonly packing: Packing
}

type Check = (members: Uint8Array, parameters: CkksParameters, minorVersion: number) => { readonly bytes: Uint8Array }

function choose(seal: SealModule, { degree, primeBits }: CkksChoice): CkksParameters {
  return using(new seal.EncryptionParameters(seal.SchemeType.ckks), (own) =>
    using(seal.CoeffModulus.Create(degree, Int32Array.from(primeBits)), (primes) => {
      own.setPolyModulusDegree(degree)
      own.setCoeffModulus(primes)
      const saved = own.saveToArray(seal.ComprModeType.none) as Uint8Array // node-seal's own array
      return readParameters(saved.subarray(headerBytes))
    }),
  )
}

/**
 * Makes a fresh secret key and all that belongs to it. Runs where the key shall stay: with its owner.
 * @throws AppError 'unprocessable' when the choice is not secure or a rotation is not possible
 */
export function makeKeys(seal: SealModule, { choice, rotations, packing }: KeyWish): TensealContext {
  checkChoice(choice)
  const slots = slotsOf(choice)
  const wrong = rotations.find((step) => !Number.isInteger(step) || step < 1 || step >= slots)
  if (wrong !== undefined) throw new AppError('unprocessable', `A rotation is 1 to ${slots - 1} steps, not ${wrong}`)
  return withSeal('The keys cannot be made', () => {
    const parameters = choose(seal, choice)
    const session = openSession(seal, parameters)
    try {
      return using(new seal.KeyGenerator(session.context), (generator): TensealContext => {
        const save = (key: Pick<Stored, 'saveToArray' | 'delete'>, check: Check): Uint8Array =>
          using(key, (own) => {
            const saved = own.saveToArray(seal.ComprModeType.none) as Uint8Array // node-seal's own array
            return packObject(check(saved.subarray(headerBytes), parameters, packing.minorVersion).bytes, packing)
          })
        const own = sealObject(writeParameters(parameters, packing.minorVersion), packing.minorVersion)
        return {
          encryptionParameters: packObject(own, packing),
          publicKey: save(generator.createPublicKey(), checkPublicKey),
          secretKey: save(generator.secretKey(), checkSecretKey),
          relinKeys: save(generator.createRelinKeysSerializable(), checkSwitchingKeys),
          galoisKeys:
            rotations.length === 0
              ? undefined
              : save(generator.createGaloisKeysSerializableWithSteps(Int32Array.from(rotations)), checkSwitchingKeys),
          globalScale: 2 ** choice.scaleBits,
          ...{ autoFlags: 7, isSymmetric: false },
        }
      })
    } finally {
      session.close()
    }
  })
}
