// Checks in the browser what the server claims of an event: its place in the tree, and the signature under the tree's root.
import { hashBytes, verifyInclusion } from '@xinglin/core/merkle'
import type { Checkpoint, InclusionProof } from '../../api/audit.ts'
import { sha256 } from './sha256.ts'

/** How a check went; `unknown` when this browser cannot do it. */
export type Verdict = 'right' | 'wrong' | 'unknown'

/** Bytes of a hex text; undefined when it is none. */
export function bytesOfHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** Computes the root again from the event's leaf and the proof, and compares it with the claimed one. */
export function checkInclusion({ seq, size, leaf, root, proof }: InclusionProof): Verdict {
  const [leafBytes, rootBytes, ...path] = [leaf, root, ...proof].flatMap((text) => bytesOfHex(text) ?? [])
  const isWhole =
    path.length === proof.length && [leafBytes, rootBytes, ...path].every((hash) => hash?.length === hashBytes)
  if (leafBytes === undefined || rootBytes === undefined || !isWhole) return 'wrong'
  const isIn = verifyInclusion(sha256, { index: seq, size, leaf: leafBytes, root: rootBytes, proof: path })
  return isIn ? 'right' : 'wrong'
}

const bytesOfBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

interface Note {
  readonly signed: string
  readonly size: number
  readonly root: string
  readonly signature: Uint8Array<ArrayBuffer>
}

const keyIdBytes = 4

/** Reads a signed note (https://c2sp.org/signed-note) with a checkpoint in it; undefined when it is not one. */
export function readNote(note: string): Note | undefined {
  const [, signed, encoded] = /^([\s\S]*\n)\n\u2014 \S+ ([A-Za-z0-9+/=]+)\n$/.exec(note) ?? []
  const [, size, root] = signed?.split('\n') ?? []
  if (signed === undefined || encoded === undefined || size === undefined || root === undefined) return undefined
  try {
    const signature = bytesOfBase64(encoded).slice(keyIdBytes)
    return { signed, size: Number(size), root: hexOf(bytesOfBase64(root)), signature }
  } catch {
    return undefined // not base64: no note
  }
}

async function importKey(pem: string): Promise<CryptoKey | undefined> {
  const body = pem.replace(/-----[A-Z ]+-----|\s/g, '')
  try {
    return await crypto.subtle.importKey('spki', bytesOfBase64(body), { name: 'Ed25519' }, false, ['verify'])
  } catch {
    return undefined // a browser without Ed25519, or a page that is not served securely
  }
}

/** Checks that the checkpoint's note says what the checkpoint says, and that the key signed it. */
export async function checkSignature(checkpoint: Checkpoint, publicKey: string): Promise<Verdict> {
  const note = readNote(checkpoint.note)
  if (note === undefined || note.size !== checkpoint.size || note.root !== checkpoint.root) return 'wrong'
  const key = await importKey(publicKey)
  if (key === undefined) return 'unknown'
  const isSigned = await crypto.subtle.verify('Ed25519', key, note.signature, new TextEncoder().encode(note.signed))
  return isSigned ? 'right' : 'wrong'
}
