// The EMR's write rules: how encounters and orders may move from status to status.
import { stateMachineRule } from '../../records/state-machine.ts'
import type { WriteRule } from '../../records/types.ts'

// http://hl7.org/fhir/R4/valueset-encounter-status.html; cancelled means that the encounter ended before it began.
const encounterStatus = {
  planned: ['arrived', 'triaged', 'in-progress', 'cancelled'],
  arrived: ['triaged', 'in-progress', 'onleave', 'finished', 'cancelled'],
  triaged: ['in-progress', 'onleave', 'finished', 'cancelled'],
  'in-progress': ['onleave', 'finished'],
  onleave: ['in-progress', 'finished'],
  finished: [],
  cancelled: [],
  'entered-in-error': [],
}

// http://hl7.org/fhir/R4/request.html#statemachine
const requestStatus = {
  draft: ['active', 'on-hold', 'revoked'],
  active: ['on-hold', 'completed', 'revoked'],
  'on-hold': ['active', 'revoked'],
  completed: [],
  revoked: [],
  'entered-in-error': [],
}

/** All write rules of the EMR. */
export const emrRules: readonly WriteRule[] = [
  stateMachineRule({
    id: 'encounter.status',
    type: 'Encounter',
    about:
      'An encounter moves forward only: planned, arrived, triaged, in progress (or on leave), finished; or is cancelled before it begins.',
    transitions: encounterStatus,
  }),
  stateMachineRule({
    id: 'service-request.status',
    type: 'ServiceRequest',
    about:
      'An order is drafted, activated, held, and then completed or revoked; a completed or revoked order stays so.',
    transitions: requestStatus,
  }),
]
