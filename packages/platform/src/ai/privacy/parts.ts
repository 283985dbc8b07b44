// What the work of this service stands on.

import type { Caller } from '../../kernel/caller.ts'
import type { Settings } from '../../kernel/config.ts'
import type { Encrypted, Ports } from '../../kernel/ports.ts'
import type { privacySettings } from './settings.ts'

/** Ports, settings and the engine. */
export interface PrivacyParts extends Pick<Ports, 'sql' | 'blobs' | 'audit' | 'clock' | 'ids' | 'log'> {
  readonly encrypted: Encrypted
  /** Those of the patients who withhold anything from a caller. */
  readonly withheldFrom: (caller: Caller, patients: readonly string[]) => Promise<readonly string[]>
  readonly settings: Settings<typeof privacySettings>
}

/** Who asks. */
export interface Asker {
  readonly caller: Caller
  readonly traceId: string
  /** Aborted when the client goes away. */
  readonly signal?: AbortSignal
}
