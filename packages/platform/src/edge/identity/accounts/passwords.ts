// Passwords as Argon2id (RFC 9106), compared in constant time; scrypt (RFC 7914) where this Node has no Argon2.
import * as crypto from 'node:crypto'

type Derive = (password: string, salt: Buffer) => Promise<Buffer>

// OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 passes, 1 lane; scrypt with N = 2^17, r = 8, p = 1.
const argon = { memory: 19_456, passes: 2, parallelism: 1 }
const scryptCost = { N: 131_072, r: 8, p: 1 }
const hashBytes = 32
const saltBytes = 16

const argonHash: Derive = (password, salt) =>
  new Promise((resolve, reject) => {
    const parameters = { ...argon, message: password.normalize('NFKC'), nonce: salt, tagLength: hashBytes }
    crypto.argon2('argon2id', parameters, (error, key) => (error === null ? resolve(key) : reject(error)))
  })

const scryptHash: Derive = (password, salt) =>
  new Promise((resolve, reject) => {
    const options = { ...scryptCost, maxmem: 256 * scryptCost.N * scryptCost.r }
    crypto.scrypt(password.normalize('NFKC'), salt, hashBytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })

const schemes: Readonly<Record<string, Derive>> = { argon2id: argonHash, scrypt: scryptHash }
const newest = typeof crypto.argon2 === 'function' ? 'argon2id' : 'scrypt'
const costs: Readonly<Record<string, string>> = {
  argon2id: `${argon.memory},${argon.passes},${argon.parallelism}`,
  scrypt: `${scryptCost.N},${scryptCost.r},${scryptCost.p}`,
}

/** Hashes a password with a new salt: `scheme$costs$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.randomBytes(saltBytes)
  const hash = await (schemes[newest] ?? scryptHash)(password, salt)
  return [newest, costs[newest], salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Says whether a password fits a hash; an account that is not there costs as much time as one that is. */
export async function passwordFits(password: string, stored: string | undefined): Promise<boolean> {
  const [scheme = newest, , salt = '', hash = ''] = stored?.split('$') ?? []
  const expected = Buffer.from(hash, 'base64url')
  const given = salt === '' ? Buffer.alloc(saltBytes) : Buffer.from(salt, 'base64url')
  const actual = await (schemes[scheme] ?? scryptHash)(password, given)
  return expected.length === actual.length && crypto.timingSafeEqual(expected, actual)
}
