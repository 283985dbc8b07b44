// Two sides of a connection between services: who is believed, who is not, why, and how a renewal comes in.
import assert from 'node:assert/strict'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { request } from 'undici'
import { type Authority, demandAuthority, issueInto } from '../cli/certs/authority.ts'
import { systemClock } from '../kernel/clock.ts'
import { type OpenPort, openPort } from '../kernel/listener.ts'
import type { Logger } from '../kernel/ports.ts'
import { createShutdown } from '../kernel/shutdown.ts'
import { distrustOf, isUnreached, serviceHostName, type Transport } from '../kernel/transport.ts'
import { silentLogger } from '../testing/silent-logger.ts'
import { certificatesFolder } from './certificate-files.ts'
import { openTransport, type ProcessTransport } from './transport.ts'

const dayMs = 86_400_000
const pool = { connections: 4, keepAliveMs: 1000, connectMs: 2000 }
const plainly = { serviceHost: '127.0.0.1' }
const unset = { isOn: undefined, authority: undefined, certificate: undefined, key: undefined }
const shutdown = createShutdown({ log: silentLogger })

let root: string
let authority: Authority
let port: OpenPort

const folderOf = (name: string): string => join(root, name)

async function issue(by: Authority, data: string, service: string, now = new Date()): Promise<void> {
  const folder = certificatesFolder(folderOf(data))
  const paths = {
    authority: join(folder, 'ca.pem'),
    certificate: join(folder, `${service}.pem`),
    key: join(folder, `${service}.key`),
  }
  await issueInto(by, { name: service, use: 'peer', names: [serviceHostName(service)] }, now, paths)
}

function open(data: string, name: string, log: Logger = silentLogger): Promise<ProcessTransport> {
  const dataFolder = folderOf(data)
  return openTransport({
    ...plainly,
    settings: unset,
    dataFolder,
    names: [name],
    isSplit: true,
    log,
    clock: systemClock,
    shutdown,
  })
}

async function transportOf(data: string, name: string): Promise<Transport> {
  const transport = (await open(data, name)).open(pool)
  shutdown.add('transport', () => transport.close())
  return transport
}

const ask = async (transport: Transport, service: string, at = port): Promise<string> => {
  const url = `https://127.0.0.1:${at.port}/`
  const answer = await request(url, { dispatcher: transport.dispatcher(service), headers: { host: 'any.example' } })
  return answer.body.text()
}

const reasonOf = async (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'believed',
    (error: unknown) => {
      assert.equal(isUnreached(error), true, String(error))
      return distrustOf(error)
    },
  )

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'xinglin-tls-'))
  authority = await demandAuthority(join(root, 'authority'), new Date())
  await issue(authority, 'patient', 'patient')
  await issue(authority, 'emr', 'emr')
  await issue(await demandAuthority(join(root, 'other'), new Date()), 'stranger', 'emr')
  const tls = (await open('patient', 'patient')).listener('patient')
  const address = { host: '127.0.0.1', port: 0, setting: 'SERVICE_PORT', tls }
  port = await openPort(address, (_request, response) => void response.end('patient'))
})

after(async () => {
  await shutdown.run('done')
  await port.close()
  await rm(root, { recursive: true, force: true })
})

test('a service is believed when it is the one that was meant, and only then', async () => {
  const emr = await transportOf('emr', 'emr')
  assert.equal(await ask(emr, 'patient'), 'patient')
  assert.match(String(await reasonOf(ask(emr, 'pharmacy'))), /ERR_TLS_CERT_ALTNAME_INVALID/)
})

test('a process whose certificate is of another authority is refused, and refuses us', async () => {
  const stranger = await transportOf('stranger', 'emr')
  assert.match(String(await reasonOf(ask(stranger, 'patient'))), /do not fit/)
})

test('a process that shows no certificate, or speaks plainly, gets no answer', async () => {
  const url = `127.0.0.1:${port.port}/`
  await assert.rejects(request(`http://${url}`))
  const { Agent } = await import('undici')
  const nobody = new Agent({ connect: { rejectUnauthorized: false } })
  const refused = await request(`https://${url}`, { dispatcher: nobody }).catch((error: unknown) => error)
  assert.match(String((refused as { code?: string }).code), /CERTIFICATE_REQUIRED|ECONNRESET|UND_ERR_SOCKET/)
  await nobody.destroy()
})

test('an expired certificate stops a start, naming the file, the day and the command', async () => {
  await issue(authority, 'old', 'emr', new Date(Date.now() - 400 * dayMs))
  await assert.rejects(open('old', 'emr'), (error: unknown) => {
    assert.ok(error instanceof AppError)
    assert.match(error.message, /emr\.pem expired on 20\d\d-.*xinglin certs renew/)
    return true
  })
})

test('what else is wrong with the files is said in plain words', async () => {
  const said = async (data: string, service = 'emr'): Promise<string> => {
    const error = await open(data, service).catch((reason: unknown) => reason)
    return error instanceof AppError ? error.message : `no refusal: ${error}`
  }
  assert.match(await said('emr', 'imaging'), /no .*imaging\.pem: make it with: npx xinglin certs init/)
  await issue(authority, 'future', 'emr', new Date(Date.now() + 2 * dayMs))
  assert.match(await said('future'), /valid only from .* is the clock right/)
  const spoil = async (data: string, file: string, text: string): Promise<void> => {
    await issue(authority, data, 'emr')
    await writeFile(join(certificatesFolder(folderOf(data)), file), text)
  }
  await spoil('text', 'emr.pem', 'hello')
  assert.match(await said('text'), /emr\.pem holds no certificate/)
  await spoil('nokey', 'emr.key', 'hello')
  assert.match(await said('nokey'), /emr\.key holds no private key/)
  await issue(authority, 'mixed', 'emr')
  await issue(authority, 'mixed', 'triage')
  await spoil('mixed', 'ca.pem', (await demandAuthority(join(root, 'other'), new Date())).pem)
  assert.match(await said('mixed'), /was not issued by the authority/)
})

test('a peer whose certificate expires later is named as such by those who call it', async () => {
  const endMs = Date.now() + 3000
  await issue(authority, 'soon', 'triage', new Date(endMs - 365 * dayMs))
  const tls = (await open('soon', 'triage')).listener('triage')
  const old = await openPort({ host: '127.0.0.1', port: 0, setting: 'SERVICE_PORT', tls }, (_request, response) => {
    response.end('triage')
  })
  await delay(Math.max(0, endMs - Date.now()) + 100)
  const emr = await transportOf('emr', 'emr')
  assert.match(String(await reasonOf(ask(emr, 'triage', old))), /a certificate has expired: renew it/)
  await old.close()
})

test('a renewed certificate is taken without a restart, a spoilt one is not', async () => {
  const serial = async (): Promise<string> => {
    const { connect } = await import('node:tls')
    const socket = connect({ host: '127.0.0.1', port: port.port, rejectUnauthorized: false })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }
  const before = await serial()
  const file = join(certificatesFolder(folderOf('patient')), 'patient.pem')
  await writeFile(`${file}`, 'half written')
  await utimes(file, new Date(), new Date())
  await delay(2300)
  assert.equal(await serial(), before)
  await issue(authority, 'patient', 'patient')
  const until = Date.now() + 60_000
  while ((await serial()) === before) {
    assert.ok(Date.now() < until, 'the renewed certificate was not taken')
    await delay(100)
  }
  assert.equal(await ask(await transportOf('emr', 'emr'), 'patient'), 'patient')
})
