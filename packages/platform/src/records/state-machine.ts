// A state machine as a write rule: which status may follow which.
import type { Issue } from '@xinglin/core/errors'
import type { Change, WriteRule } from './types.ts'

/** For each status, the statuses that may follow it; a status without followers is an end. */
export type Transitions = Readonly<Record<string, readonly string[]>>

interface StateMachine {
  readonly id: string
  readonly type: string
  readonly about: string
  readonly transitions: Transitions
}

function statusOf(resource: Change['before']): string | undefined {
  return typeof resource?.status === 'string' ? resource.status : undefined
}

/**
 * Makes the rule that `status` only moves along the transitions. A record may be created in any status (history is
 * imported as it was), may always be marked `entered-in-error`, and may leave `unknown` for anything.
 */
export function stateMachineRule(machine: StateMachine): WriteRule {
  return {
    id: machine.id,
    types: [machine.type],
    about: machine.about,
    check(change): readonly Issue[] {
      const from = statusOf(change.before)
      const to = statusOf(change.after)
      if (change.kind !== 'update' || from === undefined || to === undefined || from === to) return []
      const followers = machine.transitions[from]
      const isAllowed = from !== 'entered-in-error' && (to === 'entered-in-error' || from === 'unknown')
      if (isAllowed || followers === undefined || followers.includes(to)) return []
      const allowed = from === 'entered-in-error' ? [] : [...followers, 'entered-in-error']
      const hint = allowed.length === 0 ? 'nothing may follow it' : `it may become ${allowed.join(', ')}`
      const diagnostics = `${machine.type}/${change.id} is "${from}" and cannot become "${to}": ${hint}`
      return [
        {
          severity: 'error',
          code: 'business-rule',
          rule: machine.id,
          expression: `${machine.type}.status`,
          diagnostics,
        },
      ]
    },
  }
}
