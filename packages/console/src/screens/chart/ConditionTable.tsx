// Conditions as a table: current ones, or those of the past.
import type { Condition } from '../../api/fhir.ts'
import { codeOf } from '../../clinical/concepts.ts'
import { dayText } from '../../clinical/dates.ts'
import { Concept } from '../../components/Concept.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { sectionsText } from './sections-text.ts'
import { stateWords } from './state-words.ts'

interface ConditionTableProps {
  readonly label: string
  readonly rows: readonly Condition[]
  /** Only name, state and beginning. */
  readonly isShort?: boolean
}

/** The table. */
export function ConditionTable({ label, rows, isShort = false }: ConditionTableProps) {
  const text = useText(sectionsText)
  const main: readonly PlainColumn<Condition>[] = [
    { key: 'name', label: text.condition, cell: ({ code }) => <Concept concept={code} /> },
    { key: 'state', label: text.status, cell: ({ clinicalStatus }) => stateWords(codeOf(clinicalStatus), text) },
    {
      key: 'since',
      isFixed: true,
      label: text.since,
      cell: ({ onsetDateTime, recordedDate }) => dayText(onsetDateTime ?? recordedDate) ?? '–',
    },
  ]
  const more: readonly PlainColumn<Condition>[] = [
    {
      key: 'ended',
      isFixed: true,
      label: text.ended,
      cell: ({ abatementDateTime }) => dayText(abatementDateTime) ?? '–',
    },
    {
      key: 'certainty',
      label: text.certainty,
      cell: ({ verificationStatus }) => stateWords(codeOf(verificationStatus), text),
    },
    { key: 'recorded', isFixed: true, label: text.recorded, cell: ({ recordedDate }) => dayText(recordedDate) ?? '–' },
  ]
  return <PlainTable columns={isShort ? main : [...main, ...more]} label={label} rowKey={({ id }) => id} rows={rows} />
}
