// Makes X.509 certificates with ECDSA on P-256: an authority of one's own, and those it vouches for.
import 'reflect-metadata' // @peculiar/x509 finds its parts by it
import { type KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import * as x509 from '@peculiar/x509'

/** What a certificate may be used for. */
export type CertificateUse = 'authority' | 'peer' | 'server'

/** What a certificate shall say. */
export interface CertificateRequest {
  readonly use: CertificateUse
  readonly commonName: string
  /** Host names and IP addresses; none for an authority. */
  readonly names: readonly string[]
  readonly validFrom: Date
  readonly validUntil: Date
}

/** Who signs. */
export interface Signer {
  readonly commonName: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** A certificate with its key, in PEM. */
export interface IssuedCertificate {
  readonly certificate: string
  readonly key: string
}

interface Keys {
  readonly publicKey: webcrypto.CryptoKey
  readonly privateKey: webcrypto.CryptoKey
}

const organization = 'Xinglin'
const serialBytes = 16
const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signature = { name: 'ECDSA', hash: 'SHA-256' } as const

const nameOf = (commonName: string): x509.Name => new x509.Name([{ O: [organization] }, { CN: [commonName] }])

// Positive, and always of the same length.
function serialNumber(): string {
  const serial = randomBytes(serialBytes)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  return serial.toString('hex')
}

const newKeys = (): Promise<Keys> => webcrypto.subtle.generateKey(curve, true, ['sign', 'verify'])

async function keysOf({ publicKey, privateKey }: Signer): Promise<Keys> {
  const { subtle } = webcrypto
  return {
    publicKey: await subtle.importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), curve, true, [
      'verify',
    ]),
    privateKey: await subtle.importKey('pkcs8', privateKey.export({ type: 'pkcs8', format: 'der' }), curve, false, [
      'sign',
    ]),
  }
}

// The library reads plain IPv6 addresses only: no dotted end, nothing left out twice.
const plainAddress = (name: string): string => (isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name)

function alternativeName(name: string): x509.JsonGeneralName {
  return isIPv4(name) || isIPv6(name) ? { type: 'ip', value: plainAddress(name) } : { type: 'dns', value: name }
}

async function extensionsOf({ use, names }: CertificateRequest, own: Keys, by: Keys): Promise<x509.Extension[]> {
  const identifiers = [
    await x509.SubjectKeyIdentifierExtension.create(own.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(by.publicKey),
  ]
  const { KeyUsageFlags, ExtendedKeyUsage } = x509
  if (use === 'authority') {
    return [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ...identifiers,
    ]
  }
  const purposes = [ExtendedKeyUsage.serverAuth, ...(use === 'peer' ? [ExtendedKeyUsage.clientAuth] : [])]
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(purposes),
    new x509.SubjectAlternativeNameExtension(names.map(alternativeName)),
    ...identifiers,
  ]
}

/** Makes a key and a certificate for it; without a signer it signs itself. */
export async function issueCertificate(request: CertificateRequest, signer?: Signer): Promise<IssuedCertificate> {
  const own = await newKeys()
  const by = signer === undefined ? own : await keysOf(signer)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(request.commonName),
    issuer: nameOf(signer?.commonName ?? request.commonName),
    notBefore: request.validFrom,
    notAfter: request.validUntil,
    publicKey: own.publicKey,
    signingKey: by.privateKey,
    signingAlgorithm: signature,
    extensions: await extensionsOf(request, own, by),
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey)
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(key, x509.PemConverter.PrivateKeyTag)}\n`,
  }
}
