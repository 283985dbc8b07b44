// The certificates of a process as files: where they lie, and in plain words why one cannot be used.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { serviceHostName } from '../kernel/transport.ts'
import type { TlsSettings } from './tls-settings.ts'

/** Where the parts of one certificate lie. */
export interface CertificatePaths {
  /** Who is believed: one authority, or several one after the other; undefined where clients know theirs. */
  readonly authority: string | undefined
  readonly certificate: string
  readonly key: string
}

/** A certificate that was read and checked, in PEM. */
export interface CheckedCertificate {
  /** Empty where no authority was named. */
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly validUntil: Date
}

/** The same below an own authority. */
export interface OwnPaths extends CertificatePaths {
  readonly authority: string
}

const authorityFile = 'ca.pem'
const howToMake = 'make it with: npx xinglin certs init'
const howToRenew = 'renew it with: npx xinglin certs renew'

/** The folder of the certificates that `xinglin certs` makes. */
export const certificatesFolder = (dataFolder: string): string => join(dataFolder, 'certs')

/** The authority's files in a folder of certificates. */
export function authorityPaths(folder: string): { readonly certificate: string; readonly key: string } {
  return { certificate: join(folder, authorityFile), key: join(folder, 'ca.key') }
}

/** The files of a name in a folder of certificates. */
export function ownPaths(folder: string, name: string): OwnPaths {
  const certificate = join(folder, `${name}.pem`)
  return { authority: join(folder, authorityFile), certificate, key: join(folder, `${name}.key`) }
}

/** Where a service's certificate lies: as set, else in the data folder. */
export function pathsFor(settings: TlsSettings, dataFolder: string, service: string): CertificatePaths {
  const own = ownPaths(certificatesFolder(dataFolder), service)
  return {
    authority: resolve(settings.authority ?? own.authority),
    certificate: resolve(settings.certificate ?? own.certificate),
    key: resolve(settings.key ?? own.key),
  }
}

function refusal(sentence: string, cause?: unknown): AppError {
  return new AppError('invalid-parameter', sentence, cause === undefined ? {} : { cause })
}

async function readPart(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw refusal(`There is no ${path}: ${howToMake}`, cause)
    throw refusal(`${path} cannot be read (${cause.code})`, cause)
  })
}

function parsed(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw refusal(`${path} holds no certificate in PEM`, cause)
  }
}

function authoritiesIn(pem: string, path: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw refusal(`${path} holds no certificate in PEM`)
  return blocks.map((block) => parsed(block, path))
}

function checkTime({ validFromDate, validToDate }: X509Certificate, path: string, now: Date): void {
  if (now > validToDate) throw refusal(`The certificate ${path} expired on ${validToDate.toISOString()}: ${howToRenew}`)
  if (now >= validFromDate) return
  throw refusal(`The certificate ${path} is valid only from ${validFromDate.toISOString()}: is the clock right?`)
}

function checkKey(certificate: X509Certificate, key: string, paths: CertificatePaths): void {
  const isPair = ((): boolean => {
    try {
      return certificate.checkPrivateKey(createPrivateKey(key))
    } catch (cause) {
      throw refusal(`${paths.key} holds no private key in PEM`, cause)
    }
  })()
  if (!isPair) throw refusal(`${paths.key} is not the key of ${paths.certificate}`)
}

function checkIssuer(own: X509Certificate, ca: string, paths: OwnPaths, now: Date): void {
  const authorities = authoritiesIn(ca, paths.authority)
  const signer = authorities.find((one) => own.checkIssued(one) && own.verify(one.publicKey))
  if (signer === undefined) throw refusal(`${paths.certificate} was not issued by the authority in ${paths.authority}`)
  checkTime(signer, paths.authority, now)
}

/**
 * Reads a certificate, and checks it as the other side will.
 * @throws AppError 'invalid-parameter' naming the file, what is wrong with it, and the command that mends it
 */
export async function readCertificate(
  paths: CertificatePaths,
  services: readonly string[],
  now: Date,
): Promise<CheckedCertificate> {
  const [cert, key] = [await readPart(paths.certificate), await readPart(paths.key)]
  const ca = paths.authority === undefined ? '' : await readPart(paths.authority)
  const own = parsed(cert, paths.certificate)
  checkTime(own, paths.certificate, now)
  if (paths.authority !== undefined) checkIssuer(own, ca, { ...paths, authority: paths.authority }, now)
  checkKey(own, key, paths)
  const missing = services.map(serviceHostName).filter((name) => own.checkHost(name) === undefined)
  if (missing.length > 0) throw refusal(`${paths.certificate} does not name ${missing.join(', ')}: ${howToMake}`)
  return { ca, cert, key, validUntil: own.validToDate }
}
