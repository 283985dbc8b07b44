// All prescriptions of the patient.
import { splitMedications } from '../../clinical/current.ts'
import { CurrentAndPastSections } from './CurrentAndPastSections.tsx'
import { MedicationTable } from './MedicationTable.tsx'
import { useMedications, usePatientId } from './queries.ts'

/** The section. */
export function Medications() {
  const asked = useMedications(usePatientId())
  return (
    <CurrentAndPastSections
      asked={asked}
      part="medications"
      split={splitMedications}
      table={(label, rows) => <MedicationTable label={label} rows={rows} />}
    />
  )
}
