// Finds a free TCP port on the loopback.
import { createServer } from 'node:net'

/** A port that was free a moment ago; whoever takes it must be ready to find it taken. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  await new Promise<void>((resolve) => probe.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('The probe had no port')
  return address.port
}
