// Makes tokens for the checks: right ones, and wrong ones of every kind.
import { createHmac, type KeyObject, sign } from 'node:crypto'

/** Claims or header fields of a token. */
export type Fields = Readonly<Record<string, unknown>>

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Now in seconds. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** A token of a credential, valid for a minute unless the claims say otherwise. */
export function hmacToken(
  credential: { readonly key: string; readonly secret: string },
  claims: Fields = {},
  header: Fields = {},
): string {
  const head = { alg: 'HS256', typ: 'JWT', ...header }
  const all = { iss: credential.key, exp: nowSeconds() + 60, ...claims }
  const signed = `${encode(head)}.${encode(all)}`
  return `${signed}.${createHmac(`sha${String(head.alg).slice(2)}`, credential.secret)
    .update(signed)
    .digest('base64url')}`
}

/** A token signed with a private key. */
export function signedToken(
  given: { key: string; algorithm: string; privateKey: KeyObject },
  claims: Fields = {},
): string {
  const signed = `${encode({ alg: given.algorithm })}.${encode({ iss: given.key, exp: nowSeconds() + 60, ...claims })}`
  const hash = given.algorithm === 'EdDSA' ? null : `sha${given.algorithm.slice(2)}`
  const key = given.algorithm.startsWith('ES')
    ? ({ key: given.privateKey, dsaEncoding: 'ieee-p1363' } as const)
    : given.privateKey
  return `${signed}.${sign(hash, Buffer.from(signed), key).toString('base64url')}`
}

/** A token without signature that says so. */
export function unsignedToken(key: string, algorithm = 'none'): string {
  return `${encode({ alg: algorithm })}.${encode({ iss: key, exp: nowSeconds() + 60 })}.`
}
