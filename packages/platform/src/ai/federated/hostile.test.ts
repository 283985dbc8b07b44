// Whatever is sent to the Flower port: it is refused, the server stays up, and the federation under way finishes.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client, credentials } from '@grpc/grpc-js'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import type { Answer } from './flower/messages.ts'
import { joinDefinition } from './flower/wire.ts'
import { federated } from './index.ts'
import { ended, type ServiceUnderTest, serviceUnderTest, startFederation } from './under-test/service.ts'
import { joinToy } from './under-test/toy-site.ts'

const shared: { database?: TestDatabase; service?: ServiceUnderTest; folder?: string } = {}

function service(): ServiceUnderTest {
  assert.ok(shared.service)
  return shared.service
}

before(async () => {
  const database = await testDatabase([federated.sql])
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-federated-'))
  Object.assign(shared, { database, folder, service: await serviceUnderTest({ sql: database.sql, folder }) })
})

after(async () => {
  await shared.service?.close()
  await shared.database?.close()
  if (shared.folder !== undefined) await rm(shared.folder, { recursive: true, force: true })
})

async function finishes(name: string): Promise<void> {
  const id = await startFederation(service(), { name, rounds: 1, minSites: 1, join: 'open' })
  await joinToy(service().flower, { step: 1, examples: 1 })
  assert.equal((await ended(service(), id)).state, 'finished')
}

// Sends bytes without a word of gRPC; resolves when the server hangs up, or says nothing for a while.
function sendRaw(bytes: Uint8Array): Promise<void> {
  const [host = '', port = ''] = service().flower.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => socket.write(bytes))
    socket.setTimeout(300, () => socket.destroy())
    socket.on('error', () => undefined).on('close', () => resolve())
    socket.resume()
  })
}

// Answers the server's first question with these bytes as the message; gives the gRPC status of the end.
function answerWith(bytes: Buffer): Promise<number> {
  const { Join } = joinDefinition()
  const client = new Client(service().flower, credentials.createInsecure())
  return new Promise((resolve) => {
    const stream = client.makeBidiStreamRequest(Join.path, (whole: Buffer) => whole, Join.responseDeserialize)
    stream.on('data', () => stream.write(bytes))
    stream.on('error', ({ code = -1 }: { code?: number }) => {
      client.close()
      resolve(code)
    })
    stream.on('end', () => undefined)
  })
}

test('bytes that are no gRPC leave the server up', async () => {
  for (const bytes of [
    'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
    '\0'.repeat(5000),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff',
  ]) {
    await sendRaw(Buffer.from(bytes, 'latin1'))
  }
  await finishes('after noise')
})

test('messages that are no answers end the stream of whoever sent them, and of nobody else', async () => {
  const messages = [
    Buffer.from([0xff, 0xff, 0xff, 0xff]), // no protobuf
    Buffer.alloc(0), // no content
    Buffer.from([0x22, 0x02, 0x18, 0x01]), // an answer to another question
    Buffer.from([0x12, 0x08, 0x12, 0x06, 0x0a, 0x01, 0x61, 0x12, 0x01, 0x00]), // a property without a type
  ]
  for (const message of messages) assert.notEqual(await answerWith(message), 0)
  await finishes('after nonsense')
})

test('first weights that are no .npy file are refused, naming the site and why', async () => {
  const id = await startFederation(service(), {
    name: 'pickle',
    rounds: 1,
    minSites: 1,
    join: 'open',
    deadlineSeconds: 5,
  })
  const { Join } = joinDefinition()
  const client = new Client(service().flower, credentials.createInsecure())
  const stream = client.makeBidiStreamRequest(Join.path, Join.requestSerialize, Join.responseDeserialize)
  stream.on('error', () => client.close())
  stream.on('data', ({ message: { kind } }: { message: { kind: string } }) => {
    const status = { code: 0, message: '' }
    const tensors = [Buffer.from('\x80\x04pickled')]
    const answers: Readonly<Record<string, Answer>> = {
      properties: { kind: 'properties', status, properties: { site_name: 'pickler' } },
      parameters: { kind: 'parameters', status, tensors },
    }
    const message = answers[kind]
    if (message !== undefined) stream.write({ message })
  })
  const body = await ended(service(), id)
  assert.equal(body.state, 'failed')
  assert.match(body.reason ?? '', /pickler: Not a \.npy array that can be used/)
  stream.cancel()
})
