// Certificates as OpenSSL reads them: names, uses, chain, times on both sides of 2050, and a serial number that is positive.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type IssuedCertificate, issueCertificate, type Signer } from './certificate.ts'

const validFrom = new Date('2026-01-02T03:04:05Z')
const validUntil = new Date('2051-06-07T08:09:10Z')
const authority = await issueCertificate({ use: 'authority', commonName: '杏林 CA', names: [], validFrom, validUntil })

const signerOf = ({ key }: IssuedCertificate, commonName: string): Signer => ({
  commonName,
  privateKey: createPrivateKey(key),
  publicKey: createPublicKey(key),
})
const signer = signerOf(authority, '杏林 CA')
const ca = new X509Certificate(authority.certificate)

test('an authority signs itself, may sign others, and holds its times to the second', () => {
  assert.equal(ca.ca, true)
  assert.equal(ca.verify(signer.publicKey), true)
  assert.equal(ca.subject, 'O=Xinglin\nCN=杏林 CA')
  assert.deepEqual([ca.validFromDate, ca.validToDate], [validFrom, validUntil])
})

test('every issued certificate names what was asked for, and is vouched for by its authority alone', async () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/)
  const names = fc.uniqueArray(
    fc.oneof(
      label.map((one) => `${one}.xinglin.internal`),
      fc.ipV4(),
      fc.ipV6(),
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  const stranger = { use: 'authority', commonName: 'x', names: [], validFrom, validUntil } as const
  const other = signerOf(await issueCertificate(stranger), 'x')
  await fc.assert(
    fc.asyncProperty(names, fc.constantFrom('peer', 'server'), async (wanted, use) => {
      const issued = await issueCertificate({ use, commonName: 'one', names: wanted, validFrom, validUntil }, signer)
      const read = new X509Certificate(issued.certificate)
      for (const name of wanted) {
        const found = /^[\d.]+$|:/.test(name) ? read.checkIP(name) : read.checkHost(name)
        assert.ok(found !== undefined, `${name} is not in ${read.subjectAltName}`)
      }
      assert.equal(read.checkHost('emr.example.org'), undefined)
      assert.equal(read.ca, false)
      assert.equal(read.checkIssued(ca), true)
      assert.equal(read.verify(signer.publicKey), true)
      assert.equal(read.verify(other.publicKey), false)
      assert.equal(read.checkPrivateKey(createPrivateKey(issued.key)), true)
      const server = '1.3.6.1.5.5.7.3.1'
      assert.deepEqual(read.keyUsage, use === 'peer' ? [server, '1.3.6.1.5.5.7.3.2'] : [server])
      assert.ok(/^[4-7]/.test(read.serialNumber) && read.serialNumber.length === 32)
    }),
    { numRuns: 40 },
  )
})

test('OpenSSL accepts the chain in its strict mode', async (t) => {
  if (spawnSync('openssl', ['version']).status !== 0) return t.skip('openssl is not here: apt-get install openssl')
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-cert-'))
  const [caFile, leafFile] = [join(folder, 'ca.pem'), join(folder, 'leaf.pem')]
  const names = ['patient.xinglin.internal', '192.168.1.20', 'fd00::1']
  await writeFile(caFile, authority.certificate)
  const leaf = await issueCertificate({ use: 'peer', commonName: 'patient', names, validFrom, validUntil }, signer)
  await writeFile(leafFile, leaf.certificate)
  const words = [
    'verify',
    '-x509_strict',
    '-purpose',
    'sslclient',
    '-attime',
    '1790000000',
    '-CAfile',
    caFile,
    leafFile,
  ]
  const checked = spawnSync('openssl', words, { encoding: 'utf8' })
  await rm(folder, { recursive: true, force: true })
  assert.equal(checked.status, 0, checked.stderr)
})
