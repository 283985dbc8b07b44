// The pharmacy's write rules: prescriptions, and what is handed out against them.
import { stateMachineRule } from '../../records/state-machine.ts'
import type { WriteRule } from '../../records/types.ts'
import { dispenseRules } from './dispense.ts'
import { dispenseMedicineRule } from './dispense-medicine.ts'
import { prescriptionRule } from './prescription.ts'

// http://hl7.org/fhir/R4/valueset-medicationrequest-status.html
const prescriptionStatus = {
  draft: ['active', 'cancelled'],
  active: ['on-hold', 'completed', 'stopped', 'cancelled'],
  'on-hold': ['active', 'stopped', 'cancelled'],
  completed: [],
  stopped: [],
  cancelled: [],
  'entered-in-error': [],
}

// http://hl7.org/fhir/R4/valueset-medicationdispense-status.html
const dispenseStatus = {
  preparation: ['in-progress', 'on-hold', 'completed', 'cancelled', 'stopped', 'declined'],
  'in-progress': ['on-hold', 'completed', 'stopped', 'cancelled', 'declined'],
  'on-hold': ['preparation', 'in-progress', 'stopped', 'cancelled', 'declined'],
  completed: [],
  stopped: [],
  cancelled: [],
  declined: [],
  'entered-in-error': [],
}

/** All write rules of the pharmacy. */
export const pharmacyRules: readonly WriteRule[] = [
  stateMachineRule({
    id: 'medication-request.status',
    type: 'MedicationRequest',
    about: 'A prescription is drafted, activated, held, and then completed, stopped or cancelled; then it stays so.',
    transitions: prescriptionStatus,
  }),
  stateMachineRule({
    id: 'medication-dispense.status',
    type: 'MedicationDispense',
    about: 'A dispense is prepared and handed over, or ends as stopped, cancelled or declined; then it stays so.',
    transitions: dispenseStatus,
  }),
  prescriptionRule,
  ...dispenseRules,
  dispenseMedicineRule,
]
