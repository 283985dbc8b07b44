// The rule that no Consent is accepted which the store could not honour as it stands.
import type { Issue } from '@xinglin/core/errors'
import type { WriteRule } from '../types.ts'
import { compileConsent } from './compile-consent.ts'

const id = 'consent.enforceable'

/** Refuses active privacy Consents with parts that cannot be enforced, naming each. */
export const consentRule: WriteRule = Object.freeze({
  id,
  types: ['Consent'],
  about:
    'An active Consent of the scope patient-privacy names its patient and only what can be enforced on every read: type, period, actor (people of this server, or a role), action access, purpose, class (resource types), securityLabel, data (instances), and exceptions nested at most 4 deep.',
  check: ({ after }): readonly Issue[] =>
    after === undefined
      ? []
      : compileConsent(after).unenforceable.map(({ expression, diagnostics }) => ({
          severity: 'error',
          code: 'business-rule',
          rule: id,
          expression,
          diagnostics,
        })),
} satisfies WriteRule)
