// Ports that are given away before somebody listens must not be taken by an outgoing connection meanwhile.
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { freePort, isPortFree } from './free-port.ts'

test('gives free ports outside the range of outgoing connections, and sees a taken one', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort))
  for (const port of ports) assert.ok(port >= 20_000 && port < 32_768, String(port))
  assert.equal(new Set(ports).size, ports.length)
  const port = await freePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  assert.equal(await isPortFree(port), false)
  await new Promise((resolve) => server.close(resolve))
  assert.equal(await isPortFree(port), true)
})
