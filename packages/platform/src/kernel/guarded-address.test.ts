// Sockets are not opened to guarded addresses, whichever way somebody names them.
import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { createGuardedLookup, guardedCode, isGuardedAddress } from './guarded-address.ts'
import { type Connector, createConnector, createPlainTransport, createWaryConnector, isUnreached } from './transport.ts'

const four = (address: string): LookupAddress => ({ address, family: 4 })
const six = (address: string): LookupAddress => ({ address, family: 6 })

// A name server that gives these answers.
function lookupOf(...answers: readonly LookupAddress[]) {
  const lookup = createGuardedLookup((_host, _options, done) => done(null, [...answers]))
  return (all: boolean): Promise<unknown> =>
    new Promise((resolve, reject) => {
      lookup('some.example', { all, family: 0 }, (error, found) => (error === null ? resolve(found) : reject(error)))
    })
}

test('an address is guarded whichever way it is written', () => {
  const all = ['169.254.169.254', '0.1.2.3', '::', 'fe80::1', 'FEBF::1%eth0', '[fd00:ec2::254]', '::ffff:a9fe:a9fe']
  assert.deepEqual(
    all.filter((one) => !isGuardedAddress(one)),
    [],
  )
  const sixes = ['fd20:ce::254', 'fd00:ec2::23', 'fd00:c1::a9fe:a9fe', 'fd00:100::100:200', 'fd00:42::42']
  const translated = '64:ff9b::169.254.169.254'
  assert.deepEqual(
    [...sixes, translated].filter((one) => !isGuardedAddress(one)),
    [],
  )
  const others = ['127.0.0.1', '::1', '10.0.0.1', 'fd00:ec2::253', '2001:db8::1', '::ffff:10.0.0.1', 'localhost', '']
  assert.deepEqual(others.filter(isGuardedAddress), [])
})

test('a name is no way round: guarded answers are left out, and where nothing else is left the name is refused', async () => {
  for (const answer of [four('169.254.169.254'), six('fe80::1%eth0'), six('fd00:ec2::254'), six('::ffff:a9fe:a9fe')]) {
    for (const all of [true, false]) {
      await assert.rejects(lookupOf(answer)(all), (error: NodeJS.ErrnoException) => {
        assert.equal(error.code, guardedCode)
        assert.match(error.message, /some\.example: .*GATEWAY_LINK_LOCAL/)
        return isUnreached(error)
      })
    }
  }
  const mixed = [six('fe80::1'), four('10.0.0.7'), four('169.254.0.9'), six('2001:db8::7')]
  assert.deepEqual(await lookupOf(...mixed)(true), [four('10.0.0.7'), six('2001:db8::7')])
  assert.equal(await lookupOf(...mixed)(false), '10.0.0.7')
})

async function listening(context: TestContext): Promise<string> {
  const server = createServer((socket) => socket.destroy())
  context.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return String((server.address() as AddressInfo).port)
}

const opened = async (connector: Connector, hostname: string, port: string): Promise<void> => {
  const socket = await promisify(connector)({ hostname, host: hostname, protocol: 'http:', port })
  socket?.destroy()
}

test('connectors refuse a name that leads to a guarded address before anything is sent, unless it is allowed', async (context) => {
  const port = await listening(context)
  const name = '2852039166' // what the system's resolver reads as 169.254.169.254
  const unspecified = '0' // 0.0.0.0, by which Linux connects to this machine
  for (const connector of [createConnector(1000), createWaryConnector(1000)]) {
    await assert.rejects(opened(connector, name, port), { code: guardedCode })
    await assert.rejects(opened(connector, unspecified, port), { code: guardedCode })
    await opened(connector, 'localhost', port)
    await opened(connector, '127.0.0.1', port)
  }
  await assert.rejects(opened(createWaryConnector(1000), '0.0.0.0', port), { code: guardedCode })
  const plain = createPlainTransport({ connections: 1, keepAliveMs: 1, connectMs: 1000 })
  context.after(() => plain.close())
  const allowing = [
    createConnector(1000, { allowsLinkLocal: true }),
    createWaryConnector(1000, { allowsLinkLocal: true }),
    plain.connector('patient'),
  ]
  for (const connector of allowing) await opened(connector, unspecified, port)
})
