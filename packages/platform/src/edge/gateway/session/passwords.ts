// Passwords as scrypt hashes (RFC 7914), compared in constant time.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

// N = 2^15, r = 8: about 60 ms and 32 MiB a try (OWASP Password Storage Cheat Sheet lists 2^15, r 8, p 3 among equals).
const cost = 32_768
const blockSize = 8
const parallelism = 1
const hashBytes = 32
const saltBytes = 16
const maxMemory = 128 * cost * blockSize * 2

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: cost, r: blockSize, p: parallelism, maxmem: maxMemory }
    scrypt(password.normalize('NFKC'), salt, hashBytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

/** Hashes a password with a new salt: `scrypt$N$r$p$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, salt)
  return ['scrypt', cost, blockSize, parallelism, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Says whether a password fits a hash; an account that is not there costs as much time as one that is. */
export async function passwordFits(password: string, stored: string | undefined): Promise<boolean> {
  const [, , , , salt = '', hash = ''] = stored?.split('$') ?? []
  const expected = Buffer.from(hash, 'base64url')
  const actual = await derive(password, Buffer.from(salt, 'base64url'))
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}
