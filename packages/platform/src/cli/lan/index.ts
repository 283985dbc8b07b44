// `xinglin start --lan`: settings for a port that phones of the same network reach, with TLS by an authority of one's own.
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { AppError } from '@xinglin/core/errors'
import { certificatesFolder, ownPaths } from '../../composition/certificate-files.ts'
import { firstAddress } from '../../composition/own-address.ts'
import { dataFolderOf } from '../../composition/process-settings.ts'
import { isLoopback } from '../../kernel/loopback.ts'
import { issueInto } from '../certs/authority.ts'
import { makeCertificates } from '../certs/index.ts'
import { ownSettings } from '../place.ts'

type Environment = Readonly<Record<string, string | undefined>>

const certificateName = 'lan'
const renewBeforeMs = 30 * 86_400_000

/** The address to listen on: the given one, else the machine's first. @throws AppError when there is none */
function chosenAddress(given: string | undefined): string {
  if (given !== undefined && isIP(given) === 0) {
    throw new AppError('invalid-parameter', `--lan takes an address of this machine, not ${given}`)
  }
  const address = given ?? firstAddress()
  if (given !== undefined || !isLoopback(address)) return address
  const names = Object.keys(networkInterfaces()).join(', ')
  throw new AppError(
    'unavailable',
    `This machine is in no network (interfaces: ${names}); give an address: --lan ADDRESS`,
  )
}

async function isGood(file: string, address: string, issuer: X509Certificate, now: Date): Promise<boolean> {
  const pem = await readFile(file).catch(() => undefined)
  if (pem === undefined) return false
  const certificate = new X509Certificate(pem)
  const leftMs = certificate.validToDate.getTime() - now.getTime()
  return certificate.checkIP(address) !== undefined && certificate.checkIssued(issuer) && leftMs > renewBeforeMs
}

/** What the environment lacks for such a port; its certificate is made where there is none for the address. */
export async function lanEnvironment(given: string | undefined, environment: Environment): Promise<Environment> {
  const address = chosenAddress(given)
  const { process: own, gateway } = ownSettings()
  const folder = certificatesFolder(dataFolderOf(own))
  const now = new Date()
  const { authority } = await makeCertificates(folder, now)
  const paths = ownPaths(folder, certificateName)
  if (!(await isGood(paths.certificate, address, authority.certificate, now))) {
    await issueInto(authority, { name: certificateName, use: 'server', names: [address] }, now)
  }
  const host = address.includes(':') ? `[${address}]` : address
  const unset = (name: string): boolean => (environment[name] ?? '') === ''
  return {
    GATEWAY_TLS_HOST: address,
    GATEWAY_TLS_CERT: paths.certificate,
    GATEWAY_TLS_KEY: paths.key,
    GATEWAY_TLS_CA: paths.authority,
    ...(unset('PUBLIC_URL') ? { PUBLIC_URL: `https://${host}:${gateway.tlsPort}` } : {}),
    ...(unset('DEMO') ? { DEMO: 'false' } : {}),
  }
}
