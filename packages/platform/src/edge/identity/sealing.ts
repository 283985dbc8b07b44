// Seals what must be read again but not by who copies the database (AES-256-GCM), and hashes ids with a key (HMAC-SHA-256).
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Seals and opens values with keys of this system. */
export interface Sealing {
  seal(value: unknown): Buffer
  /** Undefined when it was sealed with another key, or touched. */
  open(sealed: Buffer): unknown
  /** A keyed hash of an id, 32 bytes. */
  hash(id: string): Buffer
}

const nonceBytes = 12
const tagBytes = 16
const keyBytes = 32

/** Creates the sealing from the secret of the system (32 bytes or more). */
export function createSealing(secret: Uint8Array): Sealing {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, 'xinglin identity', purpose, keyBytes))
  const sealKey = derive('seal')
  const hashKey = derive('ids')
  return {
    seal(value) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce)
      const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body])
    },
    open(sealed) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, nonceBytes))
        decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
        const body = Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()])
        return JSON.parse(body.toString('utf8')) as unknown
      } catch {
        return undefined // another key, or touched: as if it were not there
      }
    },
    hash: (id) => createHmac('sha256', hashKey).update(id).digest(),
  }
}
