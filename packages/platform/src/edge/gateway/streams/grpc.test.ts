// gRPC through the gateway, with grpc-js at both ends: all four kinds of calls, metadata, trailers, refusals, cancelling.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { type OwnGateway, startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'
import { hmacToken } from '../../../../../../conformance/gateway/tokens.ts'
import { issueToken } from '../index.ts'

const same = (bytes: Buffer): Buffer => bytes
const kind = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same }
const methods = {
  once: { path: '/lab.Lab/Once', requestStream: false, responseStream: false, ...kind },
  many: { path: '/lab.Lab/Many', requestStream: false, responseStream: true, ...kind },
  both: { path: '/lab.Lab/Both', requestStream: true, responseStream: true, ...kind },
  fail: { path: '/lab.Lab/Fail', requestStream: false, responseStream: false, ...kind },
  hang: { path: '/lab.Lab/Hang', requestStream: false, responseStream: true, ...kind },
} as const
const cancelled: string[] = []
const server = new Server()
server.addService(methods, {
  once(call: { request: Buffer; metadata: Metadata }, answer: sendUnaryData<Buffer>) {
    const trailer = new Metadata()
    trailer.set('seen', String(call.metadata.get('x-consumer-username')[0] ?? call.metadata.get('ward')[0] ?? 'none'))
    answer(null, Buffer.from(`echo ${call.request}`), trailer)
  },
  many(call: { request: Buffer; write(bytes: Buffer): void; end(): void }) {
    for (let index = 0; index < 3; index++) call.write(Buffer.concat([call.request, Buffer.from(String(index))]))
    call.end()
  },
  both(call: NodeJS.EventEmitter & { write(bytes: Buffer): void; end(): void }) {
    call.on('data', (bytes: Buffer) => call.write(bytes))
    call.on('end', () => call.end())
  },
  fail(_call: unknown, answer: (error: Partial<ServiceError>) => void) {
    answer({ code: status.FAILED_PRECONDITION, details: 'no sample' })
  },
  hang(call: NodeJS.EventEmitter & { write(bytes: Buffer): void }) {
    call.write(Buffer.from('first'))
    call.on('cancelled', () => cancelled.push('hang'))
  },
})

const shared: { own?: OwnGateway; client?: Client; port?: number } = {}

async function define(path: string, body: object): Promise<Record<string, unknown>> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`${shared.own?.adminUrl}${path}`, sent)
  assert.equal(answer.status, 201, path)
  return (await answer.json()) as Record<string, unknown>
}

before(async () => {
  shared.port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    )
  })
  const origin = `http://127.0.0.1:${shared.port}`
  const own = {
    service: 'emr',
    paths: ['/lab.Lab/Both'],
    roles: ['operator'],
    headers: {},
    origin: () => origin,
  } as const
  shared.own = await startOwnGateway({ extra: { grpc: [own] } })
  await define('/services', { name: 'lab', url: `grpc://127.0.0.1:${shared.port}` })
  for (const method of ['Once', 'Many', 'Fail', 'Hang'])
    await define('/services/lab/routes', { paths: [`/lab.Lab/${method}`], protocols: ['grpc'] })
  shared.client = new Client(shared.own.grpcUrl.replace('http://', ''), credentials.createInsecure())
})
after(async () => {
  shared.client?.close()
  await shared.own?.close()
  server.forceShutdown()
})

function client(): Client {
  assert.ok(shared.client)
  return shared.client
}

function withMetadata(fields: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value)
  return metadata
}

function call(path: string, fields: Readonly<Record<string, string>> = {}, text = 'x') {
  return new Promise<{ error: ServiceError | null; text: string | undefined; trailer: unknown }>((resolve) => {
    const held: { trailer?: unknown } = {}
    const deadline = Date.now() + 60_000
    const sent = client().makeUnaryRequest(
      path,
      same,
      same,
      Buffer.from(text),
      withMetadata(fields),
      { deadline },
      (error, bytes) => setImmediate(() => resolve({ error, text: bytes?.toString(), trailer: held.trailer })),
    )
    sent.on('status', ({ metadata }) => {
      held.trailer = metadata.get('seen')[0]
    })
  })
}

describe('a gRPC call', () => {
  test('passes with its metadata, and comes back with its trailers', async () => {
    const seen = await call('/lab.Lab/Once', { ward: 'seven', 'x-consumer-username': 'forged' })
    assert.deepEqual([seen.error, seen.text, seen.trailer], [null, 'echo x', 'seven'])
    const large = 'y'.repeat(1_000_000)
    assert.equal((await call('/lab.Lab/Once', {}, large)).text?.length, large.length + 5)
  })

  test('may be answered many times', async () => {
    const stream = client().makeServerStreamRequest('/lab.Lab/Many', same, same, Buffer.from('n'))
    const heard: string[] = []
    stream.on('data', (bytes: Buffer) => heard.push(String(bytes)))
    await once(stream, 'end')
    assert.deepEqual(heard, ['n0', 'n1', 'n2'])
  })

  test('keeps the status that the service gave', async () => {
    const { error } = await call('/lab.Lab/Fail')
    assert.deepEqual([error?.code, error?.details], [status.FAILED_PRECONDITION, 'no sample'])
  })

  test('to a method that nobody has, or that is away, says so', async () => {
    assert.equal((await call('/lab.Lab/Nothing')).error?.code, status.UNIMPLEMENTED)
    await define('/services', { name: 'away', url: 'grpc://127.0.0.1:1' })
    await define('/services/away/routes', { paths: ['/away.Away'] })
    assert.equal((await call('/away.Away/Once')).error?.code, status.UNAVAILABLE)
  })

  test('that is cancelled is cancelled at the service', async () => {
    const stream = client().makeServerStreamRequest('/lab.Lab/Hang', same, same, Buffer.from('n'))
    stream.on('error', () => undefined)
    await once(stream, 'data')
    stream.cancel()
    const until = Date.now() + 60_000
    while (cancelled.length === 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10))
    assert.deepEqual(cancelled, ['hang'])
  })

  test('needs a credential where the service asks for one, and the service is told who calls', async () => {
    await define('/services/lab/plugins', { name: 'jwt' })
    const { error } = await call('/lab.Lab/Once')
    assert.equal(error?.code, status.UNAUTHENTICATED)
    assert.equal(error?.details, 'Send a valid credential: Authorization: Bearer <token>')
    await define('/consumers', { username: 'analyser' })
    const made = (await define('/consumers/analyser/jwt', {})) as { key: string; secret: string }
    const seen = await call('/lab.Lab/Once', { authorization: `Bearer ${hmacToken(made)}` })
    assert.deepEqual([seen.error, seen.trailer], [null, 'analyser'])
  })

  test('to our own service is open to the roles that it names', async () => {
    assert.ok(shared.own)
    const said = async (role: 'operator' | 'clinician') => {
      const token = await issueToken(shared.own?.sql ?? assert.fail(), { role })
      const fields = withMetadata({ authorization: `Bearer ${token}` })
      const stream = client().makeBidiStreamRequest('/lab.Lab/Both', same, same, fields)
      const heard: string[] = []
      const failure = new Promise<number>((resolve) => stream.once('error', ({ code }: ServiceError) => resolve(code)))
      stream.on('data', (bytes: Buffer) => heard.push(String(bytes)))
      for (const text of ['a', 'b']) stream.write(Buffer.from(text))
      stream.end()
      return Promise.race([failure, once(stream, 'end').then(() => heard.join())])
    }
    assert.equal(await said('operator'), 'a,b')
    assert.equal(await said('clinician'), status.PERMISSION_DENIED)
  })
})

test('what is no gRPC call is told so, and a plain route does not take one', async () => {
  const { error } = await call('/fhir/Patient')
  assert.equal(error?.code, status.UNIMPLEMENTED)
  const answer = await fetch(`${shared.own?.url}/lab.Lab/Once`, { method: 'POST' })
  assert.ok([400, 401].includes(answer.status))
})
