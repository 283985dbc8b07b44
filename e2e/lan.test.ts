// A port for phones as its user opens it: TLS by an authority that can be fetched and trusted; what would be open is refused.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { freePorts, type SystemProcess, startServices, untilStarted } from '../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'
import { xinglin } from './xinglin.ts'

const address = '127.0.0.5' // stands for the machine's address in its network
const limitMs = 60_000

let folder: string
let settings: Record<string, string>
let system: SystemProcess

const told = (): string => system.output.join('')

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-lan-'))
  await prepareFolder(folder)
  settings = { ...(await freePorts()), LOG_LEVEL: 'error', XINGLIN_DATA: folder }
  system = startServices(['--lan', address], folder, settings)
  await untilStarted(system, folder)
  for (const until = Date.now() + limitMs; !told().includes('/ca.crt') && Date.now() < until; ) await delay(50)
})

after(async () => {
  await system.end('SIGTERM')
  await rm(folder, { recursive: true, force: true })
})

test('the phone fetches the authority, compares its fingerprint, and trusts the port from then on', async () => {
  const url = `https://${address}:${settings.GATEWAY_TLS_PORT}`
  assert.ok(told().includes(`${url}/app`))
  assert.match(told(), /█▀▀▀▀▀▀▀█/)
  assert.match(told(), /Demo logins are off/)
  const careless = new Agent({ connect: { rejectUnauthorized: false } })
  const fetched = await request(`${url}/ca.crt`, { dispatcher: careless })
  assert.equal(fetched.headers['content-type'], 'application/x-x509-ca-cert')
  const authority = await fetched.body.text()
  assert.ok(told().includes(new X509Certificate(authority).fingerprint256))
  await assert.rejects(request(`${url}/`))
  const trusting = new Agent({ connect: { ca: authority } })
  const answer = await request(`${url}/fhir/metadata`, { dispatcher: trusting })
  const { implementation } = (await answer.body.json()) as { implementation: { url: string } }
  assert.equal(implementation.url, `${url}/fhir`)
  const signIn = await request(`${url}/auth/demo`, { dispatcher: trusting })
  assert.notEqual(signIn.statusCode, 200)
  await signIn.body.dump()
  await Promise.all([careless.destroy(), trusting.destroy()])
})

test('the key of the authority is its owner’s alone, and its certificate for phones vouches for no service', async () => {
  assert.equal((await stat(join(folder, 'certs/ca.key'))).mode & 0o777, 0o600)
  const { keyUsage } = new X509Certificate(await readFile(join(folder, 'certs/lan.pem')))
  assert.deepEqual(keyUsage, ['1.3.6.1.5.5.7.3.1'])
})

test('a start that would be open to other machines is refused with what to do', async () => {
  const apart = { ...settings, ...(await freePorts()), XINGLIN_DATA: join(folder, 'other') }
  const open = await xinglin(['start'], { ...apart, HOST: '0.0.0.0', DEMO: 'true', GATEWAY_BEHIND_TLS: 'true' })
  assert.equal(open.code, 1)
  assert.match(open.err, /HOST=0\.0\.0\.0 lets other machines in .*set DEMO=false/)
})
