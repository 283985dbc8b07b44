// All conditions of the patient.
import { splitConditions } from '../../clinical/current.ts'
import { ConditionTable } from './ConditionTable.tsx'
import { CurrentAndPastSections } from './CurrentAndPastSections.tsx'
import { useConditions, usePatientId } from './queries.ts'

/** The section. */
export function Conditions() {
  const asked = useConditions(usePatientId())
  return (
    <CurrentAndPastSections
      asked={asked}
      part="conditions"
      split={splitConditions}
      table={(label, rows) => <ConditionTable label={label} rows={rows} />}
    />
  )
}
