// DIMSE: dcmtk's own tools and our client store and verify; strangers, hostile bytes and huge units are turned away.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { DicomJson } from '@xinglin/core/dicom'
import dimse from 'dcmjs-dimse'
import { readSettings } from '../../../kernel/config.ts'
import { freePort } from '../../../kernel/free-port.ts'
import { noTelemetry } from '../../../kernel/telemetry/index.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { imagingSettings } from '../settings.ts'
import { drawnSeries, type ImagingUnderTest, imagingUnderTest, partsOf } from '../under-test/service.ts'
import { createDimseListener, type DimsePorts } from './listener.ts'
import { createPduGuard } from './pdu-guard.ts'

const run = promisify(execFile)

function missingTools(): string | false {
  try {
    execFileSync('storescu', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'needs storescu and echoscu: apt-get install dcmtk'
  }
}

let service: ImagingUnderTest
let folder = ''
before(async () => {
  service = await imagingUnderTest()
  folder = await mkdtemp(join(tmpdir(), 'xinglin-dimse-'))
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true, force: true })
})

function echo(called: string, port = service.dimsePort): Promise<string> {
  return new Promise((resolve) => {
    const client = new dimse.Client()
    const request = new dimse.requests.CEchoRequest()
    request.on('response', (response) => resolve(`status ${response.getStatus()}`))
    client.addRequest(request)
    client.on('associationRejected', () => resolve('rejected'))
    client.on('networkError', () => resolve('error'))
    client.send('127.0.0.1', port, 'SCANNER', called)
  })
}

test('answers an echo under its own AE title only', async () => {
  assert.equal(await echo('XINGLIN'), 'status 0')
  assert.equal(await echo('SOMEONE'), 'rejected')
})

test('stores what dcmtk sends, byte for byte', { skip: missingTools() }, async () => {
  const files = drawnSeries(21, 'MRN-21')
  const paths = await Promise.all(
    files.map(async ({ bytes }, index) => {
      const path = join(folder, `${index}.dcm`)
      await writeFile(path, bytes)
      return path
    }),
  )
  const target = ['-aec', 'XINGLIN', '127.0.0.1', String(service.dimsePort)]
  await run('echoscu', target)
  await run('storescu', ['-xe', ...target, ...paths])
  const [study] = (await service.ask('/dicom-web/studies?PatientID=MRN-21')).json() as readonly DicomJson[]
  assert.deepEqual(study?.['00201208']?.Value, [3])
  const uid = study?.['0020000D']?.Value?.[0]
  const back = partsOf(await service.ask(`/dicom-web/studies/${uid}`))
  // The sender writes its own file header; the data set behind it is the same.
  const tails = (all: readonly Uint8Array[]) =>
    all.map((bytes) => Buffer.from(bytes.slice(-2048)).toString('hex')).sort()
  assert.deepEqual(tails(back.map(({ bytes }) => bytes)), tails(files.map(({ bytes }) => bytes)))
  await run('storescu', ['-xe', ...target, ...paths]) // once more: the same bytes are stored once
  const entry = service.audits.find(({ caller }) => caller?.subject === 'dimse:STORESCU')
  assert.equal(entry?.interaction, 'dicom-store')
})

test('refuses other bytes under a known UID with the status for it', { skip: missingTools() }, async () => {
  const [file] = drawnSeries(21, 'MRN-21')
  assert.ok(file)
  const changed = Buffer.from(file.bytes)
  changed[changed.length - 7] = 99
  const path = join(folder, 'changed.dcm')
  await writeFile(path, changed)
  const target = ['-aec', 'XINGLIN', '127.0.0.1', String(service.dimsePort)]
  const { stderr, stdout } = await run('storescu', ['-v', '-xe', ...target, path]).catch(
    (error: { stderr: string; stdout: string }) => error,
  )
  assert.match(stderr + stdout, /0x0?111/)
})

function send(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(service.dimsePort, '127.0.0.1', () => socket.write(bytes))
    socket.on('error', () => resolve())
    socket.on('close', () => resolve())
    socket.on('data', () => undefined)
    setTimeout(() => socket.destroy(), 300)
  })
}

test('lives through hostile bytes', async () => {
  const command = Buffer.from([4, 0, 0, 0, 0, 12, 0, 0, 0, 8, 1, 3, 1, 2, 3, 4, 5, 6])
  const huge = Buffer.from([1, 0, 0xff, 0xff, 0xff, 0xff])
  const association = Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 80, 0, 1, 0, 0]), Buffer.alloc(76, 0x41)])
  const items = Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 100, 0, 1, 0, 0]), Buffer.alloc(96, 0x20)])
  const random = Array.from({ length: 12 }, (_none, seed) =>
    Buffer.from(Array.from({ length: 200 }, (_zero, at) => (at * 73 + seed * 131 + ((at * seed) % 7)) & 255)),
  )
  const typed = random.map((bytes, index) => Buffer.concat([Buffer.from([(index % 7) + 1, 0, 0, 0, 0, 200]), bytes]))
  for (const bytes of [command, huge, association, items, ...random, ...typed]) await send(bytes)
  assert.equal(await echo('XINGLIN'), 'status 0')
})

async function listenerWith(artimSeconds: number) {
  const dimsePort = await freePort()
  const settings = { ...readSettings({ own: imagingSettings }, {}).own, dimsePort, artimSeconds }
  const ports = { log: silentLogger, telemetry: noTelemetry } as unknown as DimsePorts // nothing is stored
  const listener = createDimseListener(settings, ports)
  await listener.start()
  return { listener, port: dimsePort }
}

const ended = (socket: Socket): Promise<unknown> => once(socket, 'close')

test('connections that say nothing, and those that dribble, are closed in time for others', async () => {
  const { listener, port } = await listenerWith(1)
  const silent = Array.from({ length: 31 }, () => connect(port, '127.0.0.1'))
  const dribbling = connect(port, '127.0.0.1')
  const dribble = setInterval(() => dribbling.write(Buffer.from([1])), 200)
  try {
    await Promise.all([...silent, dribbling].map((socket) => once(socket, 'connect')))
    const startedMs = performance.now()
    await Promise.all([...silent, dribbling].map(ended))
    const ms = performance.now() - startedMs
    assert.ok(ms < 8000, `closed after ${ms} ms`)
    assert.equal(await echo('XINGLIN', port), 'status 0')
  } finally {
    clearInterval(dribble)
    await listener.close()
  }
})

test('one address alone cannot take every connection', async () => {
  const { listener, port } = await listenerWith(60)
  const sockets = Array.from({ length: 40 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  try {
    const closed = sockets.map(ended)
    await Promise.all(closed.slice(32))
    assert.equal(sockets.filter(({ destroyed }) => !destroyed).length, 32)
  } finally {
    for (const socket of sockets) socket.destroy()
    await listener.close()
  }
})

test('watches the length and type of units, wherever chunks end', () => {
  const units = Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 3, 9, 9, 9]), Buffer.from([5, 0, 0, 0, 0, 4, 0, 0, 0, 0])])
  for (let size = 1; size <= units.length; size++) {
    const guard = createPduGuard(10)
    for (let at = 0; at < units.length; at += size) assert.equal(guard(units.subarray(at, at + size)), true)
    assert.equal(guard(Buffer.from([4, 0, 0, 0, 0, 11])), false)
  }
  assert.equal(createPduGuard(10)(Buffer.from('GET / ')), false)
})
