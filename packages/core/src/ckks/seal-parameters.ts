// CKKS parameters: read from SEAL's bytes or made of bit sizes, and held to 128 bits of security (pure).
import { AppError } from '../errors/index.ts'
import { headerBytes, ownMinorVersion, readCount, readHeader, refuseBytes, viewOf, writeHeader } from './seal-bytes.ts'

/** Parameters as one chooses them. */
export interface CkksChoice {
  /** Degree N of the polynomial modulus, a power of two; a vector has N / 2 slots. */
  readonly degree: number
  /** Bit sizes of the primes of the coefficient modulus; the last one is the special prime for key switching. */
  readonly primeBits: readonly number[]
  /** log2 of the scale of fresh vectors. */
  readonly scaleBits: number
}

/** Parameters as SEAL's bytes hold them. */
export interface CkksParameters {
  readonly degree: number
  /** The primes of the coefficient modulus, the special one last. */
  readonly primes: readonly bigint[]
}

/** The parameters of the article and of TenSEAL's tutorials: two levels at N = 8192. */
export const tutorialChoice: CkksChoice = Object.freeze({ degree: 8192, primeBits: [60, 40, 40, 60], scaleBits: 40 })

/** Four levels: an encrypted logistic regression with a sigmoid of degree 7. */
export const regressionChoice: CkksChoice = Object.freeze({
  degree: 16384,
  primeBits: [60, 40, 40, 40, 40, 60],
  scaleBits: 40,
})

// Most bits of the coefficient modulus for 128-bit security against classical attacks with ternary secrets:
// Albrecht et al., Homomorphic Encryption Security Standard (HomomorphicEncryption.org, 2018), table 1.
const maxModulusBits: ReadonlyMap<number, number> = new Map([
  [1024, 27],
  [2048, 54],
  [4096, 109],
  [8192, 218],
  [16384, 438],
  [32768, 881],
])
const maxPrimes = 24
const ckksScheme = 2
const modulusObjectBytes = headerBytes + 8

/** Number of bits of a number. */
export const bitsOf = (value: bigint): number => value.toString(2).length

/** Values that one ciphertext holds. */
export const slotsOf = ({ degree }: Pick<CkksParameters, 'degree'>): number => degree / 2

/** How often a fresh ciphertext can be multiplied and rescaled. */
export const levelsOf = ({ primes }: Pick<CkksParameters, 'primes'>): number => Math.max(0, primes.length - 2)

function checkSize(degree: number, primes: number, bits: number): void {
  const most = maxModulusBits.get(degree)
  if (most === undefined) {
    throw new AppError('unprocessable', `The degree ${degree} is none of ${[...maxModulusBits.keys()].join(', ')}`)
  }
  if (primes < 2 || primes > maxPrimes) {
    throw new AppError('unprocessable', `CKKS here takes 2 to ${maxPrimes} primes, not ${primes}`)
  }
  if (bits > most) {
    throw new AppError(
      'unprocessable',
      `A coefficient modulus of ${bits} bits at degree ${degree} is below 128 bits of security; it may have at most ${most}`,
    )
  }
}

/**
 * Checks a choice of parameters.
 * @throws AppError 'unprocessable' naming what is wrong: degree, primes, security, or a scale that leaves no room
 */
export function checkChoice({ degree, primeBits, scaleBits }: CkksChoice): void {
  checkSize(
    degree,
    primeBits.length,
    primeBits.reduce((sum, bits) => sum + bits, 0),
  )
  const wrong = primeBits.find((bits) => !Number.isInteger(bits) || bits < 20 || bits > 60)
  if (wrong !== undefined) throw new AppError('unprocessable', `A prime has 20 to 60 bits, not ${wrong}`)
  const room = primeBits.slice(0, -1).reduce((sum, bits) => sum + bits, 0)
  if (scaleBits >= 10 && scaleBits < room) return
  throw new AppError('unprocessable', `A scale of 2^${scaleBits} does not fit into the ${room} bits of fresh vectors`)
}

/**
 * Reads the members of SEAL's EncryptionParameters and checks them.
 * @param members uncompressed, without the outer header
 * @throws AppError 'unprocessable' when they are not CKKS parameters with 128 bits of security
 */
export function readParameters(members: Uint8Array): CkksParameters {
  if (members.length < 17) refuseBytes('the parameters end too early')
  const scheme = members[0]
  if (scheme !== ckksScheme) {
    throw new AppError('unprocessable', `The scheme must be CKKS (2); the parameters name scheme ${scheme}`)
  }
  const degree = readCount(members, 1)
  const count = readCount(members, 9)
  if (count > maxPrimes) throw new AppError('unprocessable', `CKKS here takes 2 to ${maxPrimes} primes, not ${count}`)
  if (members.length !== 17 + modulusObjectBytes * (count + 1)) refuseBytes('the parameters have another length')
  const primes = Array.from({ length: count }, (_, index) => {
    const at = 17 + modulusObjectBytes * index
    const { sizeBytes, compression } = readHeader(members, at)
    if (sizeBytes !== modulusObjectBytes || compression !== 'none') refuseBytes('a prime is not written as one')
    return viewOf(members).getBigUint64(at + headerBytes, true)
  })
  checkSize(
    degree,
    count,
    primes.reduce((sum, prime) => sum + bitsOf(prime), 0),
  )
  // Number-theoretic transforms need primes of the form 1 + 2N·k; SEAL checks that they are primes.
  const unfit = primes.find((prime) => bitsOf(prime) > 60 || prime % BigInt(2 * degree) !== 1n)
  if (unfit === undefined && new Set(primes).size === count) return { degree, primes }
  throw new AppError('unprocessable', 'The coefficient modulus must be of distinct primes 1 + 2N·k of at most 60 bits')
}

/** Writes the members of SEAL's EncryptionParameters. */
export function writeParameters({ degree, primes }: CkksParameters, minorVersion = ownMinorVersion): Uint8Array {
  const members = new Uint8Array(17 + modulusObjectBytes * (primes.length + 1))
  const view = viewOf(members)
  members[0] = ckksScheme
  view.setBigUint64(1, BigInt(degree), true)
  view.setBigUint64(9, BigInt(primes.length), true)
  for (const [index, value] of [...primes, 0n].entries()) {
    const at = 17 + modulusObjectBytes * index
    writeHeader(members, at, { compression: 'none', sizeBytes: modulusObjectBytes, minorVersion })
    view.setBigUint64(at + headerBytes, value, true)
  }
  return members
}
