// A checkpoint: a signed statement how long the trail was and what its root and chain were. Its text is a signed note with
// a checkpoint in it (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint), so that other witnesses can read it.
import { createHash, type KeyObject, sign, verify } from 'node:crypto'

/** What is signed. */
export interface CheckpointBody {
  /** Counts the checkpoints of a trail, from 0. */
  readonly number: number
  /** Id of the trail. */
  readonly trail: string
  /** How many events were sealed. */
  readonly size: number
  /** Root of the RFC 6962 tree over them, hex. */
  readonly root: string
  /** Last link of the hash chain, hex. */
  readonly chain: string
  /** ISO time. */
  readonly at: string
}

/** A signed checkpoint. */
export interface Checkpoint extends CheckpointBody {
  /** First 4 bytes of SHA-256 over key name and key (signed-note), hex. */
  readonly keyId: string
  /** Ed25519 over the note's text, base64. */
  readonly signature: string
}

const originOf = (trail: string): string => `xinglin.audit/${trail}`
const base64OfHex = (text: string): string => Buffer.from(text, 'hex').toString('base64')
const ed25519InNotes = 0x01
const rawKeyBytes = 32

/** The key id of a public key for a trail. */
export function keyIdOf(trail: string, publicKey: KeyObject): string {
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-rawKeyBytes)
  const named = Buffer.concat([Buffer.from(`${originOf(trail)}\n`), Buffer.of(ed25519InNotes), raw])
  return createHash('sha256').update(named).digest('hex').slice(0, 8)
}

/** The text that is signed: origin, size and root as tlog-checkpoint has them, then our own lines. */
export function noteText(body: CheckpointBody): string {
  const lines = [
    originOf(body.trail),
    String(body.size),
    base64OfHex(body.root),
    `chain ${base64OfHex(body.chain)}`,
    `number ${body.number}`,
    `at ${body.at}`,
  ]
  return `${lines.join('\n')}\n`
}

/** The whole signed note. */
export function signedNote(checkpoint: Checkpoint): string {
  const signature = Buffer.concat([Buffer.from(checkpoint.keyId, 'hex'), Buffer.from(checkpoint.signature, 'base64')])
  return `${noteText(checkpoint)}\n— ${originOf(checkpoint.trail)} ${signature.toString('base64')}\n`
}

/** Signs a checkpoint. */
export function signCheckpoint(
  body: CheckpointBody,
  keys: { privateKey: KeyObject; publicKey: KeyObject },
): Checkpoint {
  const signature = sign(null, Buffer.from(noteText(body)), keys.privateKey).toString('base64')
  return { ...body, keyId: keyIdOf(body.trail, keys.publicKey), signature }
}

/** Says whether the key signed the checkpoint as it stands. */
export function isSigned(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  return (
    checkpoint.keyId === keyIdOf(checkpoint.trail, publicKey) &&
    verify(null, Buffer.from(noteText(checkpoint)), publicKey, Buffer.from(checkpoint.signature, 'base64'))
  )
}

/** A checkpoint as a line of the file, without line feed. */
export function toLine({ number, trail, size, root, chain, at, keyId, signature }: Checkpoint): string {
  return JSON.stringify({ number, trail, size, root, chain, at, keyId, signature })
}

const hash = /^[0-9a-f]{64}$/
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isText = (value: unknown, pattern: RegExp): value is string => typeof value === 'string' && pattern.test(value)

/** Reads a line; undefined when it is not exactly what {@link toLine} writes. */
export function parseLine(line: string): Checkpoint | undefined {
  const { number, trail, size, root, chain, at, keyId, signature } = parseObject(line)
  if (!isCount(number) || !isCount(size) || !isText(root, hash) || !isText(chain, hash)) return undefined
  if (!isText(trail, /^[0-9a-f-]{36}$/) || !isText(at, /^[0-9TZ:.-]{20,30}$/)) return undefined
  if (!isText(keyId, /^[0-9a-f]{8}$/) || !isText(signature, /^[A-Za-z0-9+/]{86}==$/)) return undefined
  const checkpoint = { number, trail, size, root, chain, at, keyId, signature }
  return toLine(checkpoint) === line ? checkpoint : undefined
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {} // not JSON: the caller hears that it is no checkpoint
  }
}
