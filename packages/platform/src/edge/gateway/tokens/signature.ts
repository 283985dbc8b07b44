// Verifies signatures with the one algorithm a credential is pinned to (RFC 7518, RFC 8037).
import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import type { Algorithm } from '../kong/schemas.ts'
import type { CompactToken } from './compact.ts'

/** Verifies signatures of one credential. */
export type SignatureCheck = (token: CompactToken) => boolean

/** What a check is made of. */
export interface KeyMaterial {
  readonly algorithm: Algorithm
  /** Shared secret of HS algorithms. */
  readonly secret: Buffer
  /** PEM of the others. */
  readonly publicKey: string | null
}

const hashOf = (algorithm: Algorithm): string => `sha${algorithm.slice(2)}`

function hmacCheck(algorithm: Algorithm, secret: Buffer): SignatureCheck {
  const hash = hashOf(algorithm)
  return ({ signed, signature }) => {
    const expected = createHmac(hash, secret).update(signed).digest()
    return expected.length === signature.length && timingSafeEqual(expected, signature)
  }
}

function publicKeyCheck(algorithm: Algorithm, key: KeyObject): SignatureCheck {
  if (algorithm === 'EdDSA') return ({ signed, signature }) => verify(null, Buffer.from(signed), key, signature)
  const options = algorithm.startsWith('ES') ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : { key }
  const hash = hashOf(algorithm)
  return ({ signed, signature }) => verify(hash, Buffer.from(signed), options, signature)
}

/**
 * The check for a credential. A token whose header names another algorithm is refused before any key is touched, so a
 * public key can never serve as a shared secret.
 */
export function createSignatureCheck({ algorithm, secret, publicKey }: KeyMaterial): SignatureCheck {
  const isShared = algorithm.startsWith('HS')
  if (!isShared && publicKey === null) return () => false
  const check = isShared ? hmacCheck(algorithm, secret) : publicKeyCheck(algorithm, createPublicKey(publicKey ?? ''))
  return (token) => token.algorithm === algorithm && check(token)
}
