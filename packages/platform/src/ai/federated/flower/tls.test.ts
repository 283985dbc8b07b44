// The Flower port with a certificate: clients that trust its authority join, plain ones do not.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { joinFederation } from './client.ts'
import { listenForFlower } from './listener.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const skip = hasOpenssl ? false : 'needs openssl to make a certificate (Debian: apt-get install openssl)'

test('a client that trusts the authority joins over TLS, a plain one is cut off', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xinglin-tls-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-keyout', key, '-out', certificate, ...subject],
  ])
  assert.equal(made.status, 0, made.stderr.toString())
  const pem = readFileSync(certificate)
  const tokens: (string | undefined)[] = []
  const listener = await listenForFlower({
    ...{ host: '127.0.0.1', port: 0, maxSites: 5, tls: { certificate: pem, key: readFileSync(key) } },
    onJoin(stream) {
      tokens.push(stream.token)
      stream.dismiss()
    },
  })
  const address = `localhost:${listener.port}`
  const work = { parameters: async () => [], fit: async () => ({ weights: [], examples: 1, metrics: {} }) }
  await joinFederation({ address, work, token: 'secret', rootCertificate: pem })
  assert.deepEqual(tokens, ['secret'])
  await assert.rejects(joinFederation({ address, work, patienceMs: 300 }), { code: 'unavailable' })
  assert.equal(tokens.length, 1)
  await listener.close()
  rmSync(folder, { recursive: true, force: true })
})
