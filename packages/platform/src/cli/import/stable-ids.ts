// What the records of an import are known by: keys of their content, and ids that are the same in every run (pure).
import { createHash } from 'node:crypto'

const keyLength = 24 // 96 bits

const sha256 = (...texts: readonly string[]): string => {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text).update('\0')
  return hash.digest('hex')
}

/** The key of a content: 24 hex digits of its SHA-256. */
export function keyOf(content: string): string {
  return sha256(content).slice(0, keyLength)
}

/** Gives ids to the resources of a file that bring none. */
export interface StableIds {
  idOf(resource: unknown): string
}

/**
 * Makes ids (UUIDs of version 8, RFC 9562) that are the same for the same content in every run, wherever it stands in the file: a
 * line that is mended or taken out changes no other's. Equal resources of a file stay as many records as they are.
 */
export function stableIds(fileName: string): StableIds {
  const seen = new Map<number, number>()
  return {
    idOf(resource) {
      const content = JSON.stringify(resource)
      const short = Number.parseInt(sha256(content).slice(0, 12), 16)
      const before = seen.get(short) ?? 0
      seen.set(short, before + 1)
      const hash = sha256(fileName, content, String(before))
      return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
    },
  }
}
