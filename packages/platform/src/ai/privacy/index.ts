// Computation on encrypted data: key owners, data owners and a server that computes without being able to read.
import type { Settings } from '../../kernel/config.ts'
import type { Encrypted, Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { createJobRunner } from './job-runner.ts'
import type { PrivacyParts } from './parts.ts'
import { privacyRoutes } from './routes/index.ts'
import { privacySettings } from './settings.ts'

/** What the composition root hands to the privacy service alone. */
export interface PrivacyExtra {
  readonly encrypted: Encrypted
  /** Those of the patients who withhold anything from a caller. */
  readonly withheldFrom: PrivacyParts['withheldFrom']
}

async function createPrivacy(
  ports: Ports,
  settings: Settings<typeof privacySettings>,
  extra: PrivacyExtra,
): Promise<RunningService> {
  const { sql, blobs, audit, clock, ids } = ports
  const log = ports.log.child({ service: 'privacy' })
  const parts: PrivacyParts = { sql, blobs, audit, clock, ids, ...extra, settings, log }
  const runner = createJobRunner(parts)
  return {
    routes: privacyRoutes(parts, runner.wake),
    start: async () => runner.start(),
    close: () => runner.close(),
  }
}

/** The privacy service as the composition root sees it. */
export const privacy = {
  name: 'privacy',
  purpose: 'Computes on encrypted vectors (CKKS, compatible with TenSEAL) without ever holding a secret key',
  paths: ['/api/v1/private'],
  settings: privacySettings,
  sql: { schema: 'privacy', folder: new URL('./sql/', import.meta.url) },
  create: createPrivacy,
} as const satisfies Service<typeof privacySettings, PrivacyExtra>
