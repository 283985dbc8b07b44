// The audit trail: who touched what, durable before the answer, sealed into a hash chain and a Merkle tree within a second.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { requireOwnFolder } from './checkpoints/own-folder.ts'
import { openSigningKeys } from './checkpoints/signing-key.ts'
import { auditRoutes } from './routes/routes.ts'
import { createSealer } from './seal/sealer.ts'
import { auditSettings } from './settings.ts'
import { createVerification } from './verify/background.ts'

export { createTrail, type Trail, type TrailOptions } from './trail/trail.ts'
export type { Fault, TrailReport } from './verify/report.ts'
export { type VerifyOptions, verifyTrail } from './verify/verify.ts'

/** What the composition root hands to the audit service alone. */
export interface AuditExtra {
  /** The folder outside the database for the signing key and the checkpoints. */
  readonly folder: string
}

const maxSilentSeconds = 60

async function createAudit(
  ports: Ports,
  settings: Settings<typeof auditSettings>,
  { folder }: AuditExtra,
): Promise<RunningService> {
  const { sql, audit: trail, clock, ids } = ports
  const log = ports.log.child({ service: 'audit' })
  const keys = await openSigningKeys(folder)
  await requireOwnFolder({ sql, log, folder, keys }, settings.acceptNewKey)
  const sealer = createSealer({
    ...{ sql, log, clock, folder, keys },
    holder: ids.uuid(),
    everyMs: settings.sealEveryMs,
    checkpointEveryMs: settings.checkpointEverySeconds * 1000,
  })
  const verification = createVerification({ sql, folder, clock, log })
  const { publicPem } = keys
  return {
    routes: auditRoutes({ sql, audit: trail, verification, publicPem, isRolledBack: sealer.isRolledBack }),
    start: async () => sealer.start(),
    async ready() {
      const seconds = Math.round(sealer.silentMs() / 1000)
      return seconds < maxSilentSeconds
        ? []
        : [`audit events could not be sealed, or not be signed for, for ${seconds} s`]
    },
    async close() {
      await verification.close()
      await sealer.close()
    },
  }
}

/** The audit service as the composition root sees it. */
export const audit = {
  name: 'audit',
  purpose: 'Seals every access into a chain that proves itself, shows it as FHIR AuditEvents, and gives proofs',
  paths: ['/audit'],
  settings: auditSettings,
  sql: { schema: 'audit', folder: new URL('./sql/', import.meta.url) },
  create: createAudit,
} as const satisfies Service<typeof auditSettings, AuditExtra>
