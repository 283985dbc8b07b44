// `xinglin certs`: an own authority and a certificate for each service, renewed before they end, shown in plain words.
import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { certificatesFolder, ownPaths } from '../../composition/certificate-files.ts'
import { dataFolderOf } from '../../composition/process-settings.ts'
import { serviceHostName } from '../../kernel/transport.ts'
import { services } from '../../services.ts'
import { ownSettings } from '../place.ts'
import { type Authority, demandAuthority, issueInto, type Order, readAuthority } from './authority.ts'

type Say = (line: string) => void

const say: Say = (line) => void process.stdout.write(`${line}\n`)
const dayMs = 86_400_000
const renewWithinDays = 120

const serviceNames: readonly string[] = services.map(({ name }) => name)

const folderOf = (): string => certificatesFolder(dataFolderOf(ownSettings().process))

const orderFor = (name: string): Order => ({ name, use: 'peer', names: [serviceHostName(name)] })

async function readIssued(folder: string, name: string): Promise<X509Certificate | undefined> {
  const { certificate } = ownPaths(folder, name)
  return readFile(certificate).then(
    (pem) => new X509Certificate(pem),
    () => undefined,
  )
}

const fingerprintOf = ({ fingerprint256 }: X509Certificate): string => fingerprint256

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

/** Makes the authority and what is missing of the certificates of all services; says what it made. */
export async function makeCertificates(folder: string, now: Date): Promise<{ authority: Authority; made: string[] }> {
  const authority = await demandAuthority(folder, now)
  const made: string[] = []
  for (const name of serviceNames) {
    if ((await readIssued(folder, name)) !== undefined) continue
    await issueInto(authority, orderFor(name), now)
    made.push(name)
  }
  return { authority, made }
}

/** `xinglin certs init` */
export async function initCertificates(): Promise<void> {
  const folder = folderOf()
  const { authority, made } = await makeCertificates(folder, new Date())
  say(`Authority     ${authority.signer.commonName}, until ${dayOf(authority.certificate.validToDate)}`)
  say(`SHA-256       ${fingerprintOf(authority.certificate)}`)
  say(`Certificates  ${made.length === 0 ? 'all were there' : made.join(', ')}`)
  say(`Folder        ${folder}`)
  say('')
  say('Processes that start from now on speak TLS with one another; those that run are to be started again.')
  say(`Keep ${join(folder, 'ca.key')} to yourself: who has it can make a certificate of any service.`)
}

async function demandOwn(folder: string): Promise<Authority> {
  const authority = await readAuthority(folder)
  if (authority !== undefined) return authority
  throw new AppError('not-found', `There are no certificates in ${folder}: make them with: npx xinglin certs init`)
}

async function issuedNames(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder)
  return files.flatMap((file) => (file.endsWith('.pem') && file !== 'ca.pem' ? [file.slice(0, -'.pem'.length)] : []))
}

/** The names in a certificate, without their kinds. */
const namesIn = ({ subjectAltName = '' }: X509Certificate): readonly string[] =>
  subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''))

/** `xinglin certs renew`: those that end soon, or all; running processes take them within seconds. */
export async function renewCertificates(options: { readonly all: boolean }): Promise<void> {
  const folder = folderOf()
  const authority = await demandOwn(folder)
  const now = new Date()
  for (const name of (await issuedNames(folder)).toSorted()) {
    const issued = await readIssued(folder, name)
    if (issued === undefined) continue
    const days = Math.floor((issued.validToDate.getTime() - now.getTime()) / dayMs)
    const isDue = options.all || days <= renewWithinDays
    const use = issued.keyUsage.length > 1 ? 'peer' : 'server'
    if (isDue) await issueInto(authority, { name, use, names: namesIn(issued) }, now)
    say(isDue ? `${name}: renewed` : `${name}: good for ${days} more days`)
  }
}

function shown(name: string, certificate: X509Certificate, now: Date): string {
  const days = Math.floor((certificate.validToDate.getTime() - now.getTime()) / dayMs)
  const state = days < 0 ? `EXPIRED on ${dayOf(certificate.validToDate)}` : `until ${dayOf(certificate.validToDate)}`
  const names = certificate.ca ? 'authority' : namesIn(certificate).join(', ')
  return `${name.padEnd(12)} ${state.padEnd(22)} ${names}`
}

/** `xinglin certs show`; the exit code is 1 when one has expired. */
export async function showCertificates(): Promise<number> {
  const folder = folderOf()
  const { certificate } = await demandOwn(folder)
  const now = new Date()
  const names = (await issuedNames(folder)).toSorted()
  const issued = await Promise.all(names.map(async (name) => [name, await readIssued(folder, name)] as const))
  say(folder)
  say(shown('ca', certificate, now))
  say(`${' '.repeat(12)} SHA-256 ${fingerprintOf(certificate)}`)
  for (const [name, one] of issued) if (one !== undefined) say(shown(name, one, now))
  const isExpired = [certificate, ...issued.flatMap(([, one]) => one ?? [])].some(
    ({ validToDate }) => validToDate < now,
  )
  return isExpired ? 1 : 0
}

/** `xinglin certs issue`: one certificate for the services of a process elsewhere, with all that it needs in one folder. */
export async function issueForProcess(names: readonly string[], to: string): Promise<void> {
  const unknown = names.filter((name) => !serviceNames.includes(name))
  if (unknown.length > 0) {
    throw new AppError(
      'invalid-parameter',
      `There is no service ${unknown.join(', ')}: there are ${serviceNames.join(', ')}`,
    )
  }
  const authority = await demandOwn(folderOf())
  const paths = { authority: join(to, 'ca.pem'), certificate: join(to, 'cert.pem'), key: join(to, 'key.pem') }
  const order = { name: names.join('+'), use: 'peer', names: names.map(serviceHostName) } as const
  await issueInto(authority, order, new Date(), paths)
  say(`SERVICE_TLS_CA=${paths.authority}`)
  say(`SERVICE_TLS_CERT=${paths.certificate}`)
  say(`SERVICE_TLS_KEY=${paths.key}`)
}
