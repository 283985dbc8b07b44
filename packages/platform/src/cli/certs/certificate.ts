// Writes and signs X.509 certificates (RFC 5280) with ECDSA on P-256: an authority of one's own, and those it vouches for.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import { bitString, element, explicit, integer, isTrue, octetString, oid, sequence, setOf, time, utf8 } from './der.ts'

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

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  organization: '2.5.4.10',
  commonName: '2.5.4.3',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
} as const

const organization = 'Xinglin'
const serialBytes = 16
const signature = sequence(oid(oids.ecdsaWithSha256))
// Bits 5 and 6: keyCertSign and cRLSign; bit 0: digitalSignature (RFC 5280, 4.2.1.3).
const signsCertificates = bitString(Buffer.of(0b0000_0110), 1)
const signsHandshakes = bitString(Buffer.of(0b1000_0000), 7)
const pointBytes = 65

function nameOf(commonName: string): Buffer {
  const part = (type: string, text: string): Buffer => setOf(sequence(oid(type), utf8(text)))
  return sequence(part(oids.organization, organization), part(oids.commonName, commonName))
}

const exported = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })

// Method 1 of RFC 5280, 4.2.1.2: the hash of the public point, which ends the key's own encoding.
const identifierOf = (key: KeyObject): Buffer => createHash('sha1').update(exported(key).subarray(-pointBytes)).digest()

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const { hostname } = new URL(`http://[${address}]`)
  const [head = '', tail = ''] = hostname.slice(1, -1).split('::')
  const groups = (text: string): readonly string[] => text.split(':').filter((group) => group !== '')
  const [before, after] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

// A GeneralName: [7] an address, [2] a host name (RFC 5280, 4.2.1.6).
function alternativeName(name: string): Buffer {
  if (isIPv4(name) || isIPv6(name)) return element(0x87, addressBytes(name))
  return element(0x82, Buffer.from(name, 'ascii'))
}

function extension(type: string, content: Uint8Array, isCritical = false): Buffer {
  return sequence(oid(type), ...(isCritical ? [isTrue] : []), octetString(content))
}

function extensionsOf({ use, names }: CertificateRequest, own: KeyObject, signer: KeyObject): Buffer {
  const purposes = [oid(oids.serverAuthentication), ...(use === 'peer' ? [oid(oids.clientAuthentication)] : [])]
  const isAuthority = use === 'authority'
  const kind = isAuthority
    ? [
        extension(oids.basicConstraints, sequence(isTrue, integer(Buffer.of(0))), true),
        extension(oids.keyUsage, signsCertificates, true),
      ]
    : [
        extension(oids.basicConstraints, sequence(), true),
        extension(oids.keyUsage, signsHandshakes, true),
        extension(oids.extendedUsage, sequence(...purposes)),
        extension(oids.alternativeNames, sequence(...names.map(alternativeName))),
      ]
  return sequence(
    ...kind,
    extension(oids.subjectKey, octetString(identifierOf(own))),
    extension(oids.authorityKey, sequence(element(0x80, identifierOf(signer)))),
  )
}

const pemOf = (label: string, der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** Makes a key and a certificate for it; without a signer it signs itself. */
export function issueCertificate(request: CertificateRequest, signer?: Signer): IssuedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const by = signer ?? { commonName: request.commonName, publicKey, privateKey }
  const serial = randomBytes(serialBytes)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40 // positive, and always of the same length
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(serial),
    signature,
    nameOf(by.commonName),
    sequence(time(request.validFrom), time(request.validUntil)),
    nameOf(request.commonName),
    exported(publicKey),
    explicit(3, extensionsOf(request, publicKey, by.publicKey)),
  )
  const signed = sequence(toBeSigned, signature, bitString(sign('sha256', toBeSigned, by.privateKey)))
  return {
    certificate: pemOf('CERTIFICATE', signed),
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}
