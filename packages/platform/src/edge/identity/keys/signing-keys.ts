// The keys that sign tokens: made when first needed, followed by new ones in time, published before they sign and after.
import { generateKeyPair, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock, Logger } from '../../../kernel/ports.ts'
import type { Sql, Tx } from '../../../kernel/sql.ts'
import type { Sealing } from '../sealing.ts'
import { insertKey, type KeptKey, listKeys, removeKeys } from './store.ts'

/** A private key as JSON, as the provider takes it. */
export type PrivateJwk = Readonly<Record<string, unknown>>

/** What keys need. */
export interface SigningKeyParts {
  readonly sql: Sql
  readonly sealing: Sealing
  readonly clock: Clock
  readonly log: Logger
  readonly keyDays: number
}

// ID tokens: RS256, which every OpenID client knows. Access tokens: ES256, which costs a fifth of ES384 to verify.
const signingAlgorithms = ['RS256', 'ES256'] as const

type SigningAlgorithm = (typeof signingAlgorithms)[number]

const dayMs = 86_400_000
// A new key is published so long before it signs, and an old one so long after: longer than anybody remembers a key set,
// and than any token lives.
const overlapMs = dayMs
const rsaBits = 2048
const generate = promisify(generateKeyPair)

async function makeKey(algorithm: SigningAlgorithm): Promise<PrivateJwk> {
  const { privateKey } =
    algorithm === 'RS256'
      ? await generate('rsa', { modulusLength: rsaBits })
      : await generate('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: algorithm, use: 'sig' }
}

/** Whether the newest key is so old that the next one must be made now, to be published before it signs. */
export function isDue(newest: Date | undefined, now: Date, keyDays: number): boolean {
  return newest === undefined || now.getTime() - newest.getTime() >= keyDays * dayMs - overlapMs
}

/**
 * Orders keys (newest first) so that the one that signs comes first: the newest that has been published for a day, else the
 * oldest; and names those that are over: followed for two days by a key that signs.
 */
export function orderKeys<Key extends { readonly createdAt: Date }>(
  keys: readonly Key[],
  now: Date,
): { readonly inUse: readonly Key[]; readonly over: readonly Key[] } {
  const ageMs = ({ createdAt }: Key): number => now.getTime() - createdAt.getTime()
  const found = keys.findIndex((key) => ageMs(key) >= overlapMs)
  const signer = found === -1 ? keys.length - 1 : found
  const isOver = (at: number): boolean => {
    const follower = keys[at - 1]
    return at > signer && follower !== undefined && ageMs(follower) >= 2 * overlapMs
  }
  const kept = keys.filter((_, at) => at !== signer && !isOver(at))
  return { inUse: [...keys.slice(signer, signer + 1), ...kept], over: keys.filter((_, at) => isOver(at)) }
}

async function keysOf(
  tx: Tx,
  algorithm: SigningAlgorithm,
  kept: readonly KeptKey[],
  { sealing, clock, log, keyDays }: SigningKeyParts,
): Promise<readonly PrivateJwk[]> {
  const now = clock.now()
  const opened = kept
    .filter((key) => key.algorithm === algorithm)
    .map(({ createdAt, kid, sealed }) => ({ createdAt, kid, jwk: sealing.open(sealed) as PrivateJwk | undefined }))
  const known = opened.flatMap(({ jwk, ...key }) => (jwk === undefined ? [] : [{ ...key, jwk }]))
  if (known.length < opened.length) log.warn('identity.keys.unreadable', { count: opened.length - known.length })
  if (isDue(known[0]?.createdAt, now, keyDays)) {
    const jwk = await makeKey(algorithm)
    const kid = String(jwk['kid'])
    await insertKey(tx, { kid, algorithm, sealed: sealing.seal(jwk), createdAt: now })
    known.unshift({ kid, jwk, createdAt: now })
    log.info('identity.keys.made', { algorithm, kid })
  }
  const { inUse, over } = orderKeys(known, now)
  if (over.length > 0)
    await removeKeys(
      tx,
      over.map(({ kid }) => kid),
    )
  return inUse.map(({ jwk }) => jwk)
}

/** The private keys in the order in which the provider should prefer them; makes and retires keys where it is time. */
export function signingKeys(parts: SigningKeyParts): Promise<readonly PrivateJwk[]> {
  return parts.sql.transaction(async (tx) => {
    await tx.query({ text: "SELECT pg_advisory_xact_lock(hashtext('identity.signing_key'))" })
    const kept = await listKeys(tx)
    const all: PrivateJwk[] = []
    for (const algorithm of signingAlgorithms) all.push(...(await keysOf(tx, algorithm, kept, parts)))
    return all
  })
}
