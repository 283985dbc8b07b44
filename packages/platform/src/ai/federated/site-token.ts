// The tokens by which known sites join: shown once, kept as a hash.
import { createHash, randomBytes } from 'node:crypto'

/** A new token of 256 random bits. */
export function newSiteToken(): string {
  return `xls_${randomBytes(32).toString('base64url')}`
}

/** What is kept of a token: its SHA-256; it has too much chance in it to be guessed back. */
export function hashOfToken(token: string): Uint8Array {
  return createHash('sha256').update(token).digest()
}
