// The audit service's settings.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set at the audit service. */
export const auditSettings = {
  sealEveryMs: {
    env: 'AUDIT_SEAL_EVERY_MS',
    kind: 'integer',
    fallback: 300,
    min: 20,
    max: 60_000,
    about: 'Pause between two looks for audit events to seal',
  },
  checkpointEverySeconds: {
    env: 'AUDIT_CHECKPOINT_EVERY_SECONDS',
    kind: 'integer',
    fallback: 10,
    min: 1,
    max: 3600,
    about: 'Least time between two signed checkpoints of the audit trail while events keep coming',
  },
  acceptNewKey: {
    env: 'AUDIT_ACCEPT_NEW_KEY',
    kind: 'boolean',
    fallback: false,
    about: 'Signs on with a new key although the key that signed the trail so far is lost; unset it after one start',
  },
} as const satisfies SettingSpecs
