// A state machine as a write rule: which status may follow which.
import type { Issue } from '@xinglin/core/errors'
import type { Change, RuleView, WriteRule } from './types.ts'

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

const referenceOf = ({ type, id }: Change): string => `${type}/${id}`

// Deleting a record and creating it again under its id is no way around the machine.
function statusBefore(change: Change, view: RuleView): string | undefined {
  return statusOf(change.isRevival ? view.deleted(referenceOf(change)) : change.before)
}

/**
 * Makes the rule that `status` only moves along the transitions. A record may be created in any status (history is
 * imported as it was), may always be marked `entered-in-error`, and may leave `unknown` for anything. A record that comes
 * back after its deletion goes on from the status it had.
 */
export function stateMachineRule(machine: StateMachine): WriteRule {
  return {
    id: machine.id,
    types: [machine.type],
    about: machine.about,
    reads: (change) => (change.isRevival ? [{ kind: 'deleted', reference: referenceOf(change) }] : []),
    check(change, view): readonly Issue[] {
      const from = statusBefore(change, view)
      const to = statusOf(change.after)
      if (change.kind === 'delete' || from === undefined || to === undefined || from === to) return []
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
