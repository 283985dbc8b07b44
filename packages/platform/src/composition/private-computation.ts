// The privacy service with its engine: the computing process belongs to this service and ends with it.
import { join } from 'node:path'
import { type PrivacyExtra, privacy } from '../ai/privacy/index.ts'
import { createSealEngine } from '../engines/seal/index.ts'
import type { Settings } from '../kernel/config.ts'
import type { Ports } from '../kernel/ports.ts'
import type { RunningService } from '../kernel/service.ts'
import { observedEncrypted } from './observed-engines.ts'

const maxDegree = 16_384
const inspectMs = 25_000
// A quarter of the process' memory for uncompressed keys leaves room for SEAL's own copy and for ciphertexts.
const keyShare = 0.25

/** Creates the service; no process starts before the first bytes come. */
export async function createPrivateComputation(
  ports: Ports,
  settings: Settings<typeof privacy.settings>,
  { dataFolder, withheldFrom }: Pick<PrivacyExtra, 'withheldFrom'> & { readonly dataFolder: string },
): Promise<RunningService> {
  const { memoryMb, computeSeconds } = settings
  const encrypted = createSealEngine({
    folder: join(dataFolder, 'private-work'),
    limits: { maxDegree, maxKeyBytes: Math.round(memoryMb * 1_048_576 * keyShare) },
    ...{ memoryMb, inspectMs, computeMs: computeSeconds * 1000, log: ports.log },
  })
  const extra = { encrypted: observedEncrypted(encrypted, ports.telemetry), withheldFrom }
  const running = await privacy.create(ports, settings, extra)
  return {
    ...running,
    async close() {
      await running.close?.()
      await encrypted.close()
    },
  }
}
