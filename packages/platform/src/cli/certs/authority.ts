// An authority of one's own in a folder: made once, its key for its owner alone, and what it vouches for.
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { authorityPaths, type OwnPaths, ownPaths } from '../../composition/certificate-files.ts'
import { type CertificateUse, issueCertificate, type Signer } from './certificate.ts'

/** An authority that can sign. */
export interface Authority {
  readonly folder: string
  readonly certificate: X509Certificate
  /** In PEM. */
  readonly pem: string
  readonly signer: Signer
}

/** What shall be issued. */
export interface Order {
  /** Of the files, and the certificate's common name. */
  readonly name: string
  readonly use: Exclude<CertificateUse, 'authority'>
  readonly names: readonly string[]
}

const ownerOnly = 0o600
const forAll = 0o644
const dayMs = 86_400_000
const authorityDays = 3650
// Under the 398 days that browsers and phones take of a server's certificate.
const certificateDays = 365
const clockSkewMs = 300_000

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', mode)
  await file.writeFile(text)
  await file.sync()
  await file.close()
  await rename(fresh, path)
}

function validity(days: number, now: Date): { readonly validFrom: Date; readonly validUntil: Date } {
  return {
    validFrom: new Date(now.getTime() - clockSkewMs),
    validUntil: new Date(now.getTime() + days * dayMs),
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** Reads the authority of a folder; undefined when there is none. @throws AppError when a part of it is missing */
export async function readAuthority(folder: string): Promise<Authority | undefined> {
  const paths = authorityPaths(folder)
  const pem = await readFile(paths.certificate, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (pem === undefined) return undefined
  const key = await readFile(paths.key, 'utf8').catch((cause: unknown) => {
    const why = `The key of the authority is not here (${paths.key}): issue certificates where it is, or begin anew in another folder`
    throw new AppError('unavailable', why, { cause })
  })
  const certificate = new X509Certificate(pem)
  const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? ''
  return {
    folder,
    certificate,
    pem,
    signer: { commonName, publicKey: certificate.publicKey, privateKey: createPrivateKey(key) },
  }
}

/** The authority of a folder, made when there is none. */
export async function demandAuthority(folder: string, now: Date): Promise<Authority> {
  const known = await readAuthority(folder)
  if (known !== undefined) return known
  const commonName = `Xinglin CA ${randomBytes(4).toString('hex')}`
  const request = { use: 'authority', commonName, names: [], ...validity(authorityDays, now) } as const
  const { certificate, key } = await issueCertificate(request)
  const paths = authorityPaths(folder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeWhole(paths.key, key, ownerOnly)
  await writeWhole(paths.certificate, certificate, forAll)
  const made = await readAuthority(folder)
  if (made === undefined) throw new Error('The authority that was just written is not there')
  return made
}

/** Issues a certificate with a new key into a folder, over what was there. */
export async function issueInto(
  authority: Authority,
  { name, use, names }: Order,
  now: Date,
  paths: OwnPaths = ownPaths(authority.folder, name),
): Promise<void> {
  const wanted = validity(certificateDays, now)
  const { validToDate: authorityUntil } = authority.certificate
  const validUntil = new Date(Math.min(authorityUntil.getTime(), wanted.validUntil.getTime()))
  const request = { use, commonName: name, names, validFrom: wanted.validFrom, validUntil }
  const { certificate, key } = await issueCertificate(request, authority.signer)
  await mkdir(dirname(paths.certificate), { recursive: true, mode: 0o700 })
  await writeWhole(paths.key, key, ownerOnly)
  await writeWhole(paths.certificate, certificate, forAll)
  if (dirname(paths.authority) !== authority.folder) await writeWhole(paths.authority, authority.pem, forAll)
}
