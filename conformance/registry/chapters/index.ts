// All chapters of the checks of a registry.
import { blockingChecks } from './blocking.ts'
import type { RegistryCheck } from './check.ts'
import { keyChecks } from './keys.ts'
import { serviceChecks } from './services.ts'
import { sessionChecks } from './sessions.ts'

/** A chapter. */
export interface RegistryChapter {
  readonly title: string
  readonly checks: readonly RegistryCheck[]
}

/** The chapters in their order. */
export const registryChapters: readonly RegistryChapter[] = [
  { title: 'services', checks: serviceChecks },
  { title: 'keys', checks: keyChecks },
  { title: 'sessions', checks: sessionChecks },
  { title: 'blocking queries', checks: blockingChecks },
]
