// Prescriptions as a table: current ones, or those of the past.
import type { MedicationRequest } from '../../api/fhir.ts'
import { dayText } from '../../clinical/dates.ts'
import { dosageWords } from '../../clinical/dosage.ts'
import { quantityText } from '../../clinical/values.ts'
import { Concept } from '../../components/Concept.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import { sectionsText } from './sections-text.ts'
import { stateWords } from './state-words.ts'

interface MedicationTableProps {
  readonly label: string
  readonly rows: readonly MedicationRequest[]
  /** Only name, dosage and date. */
  readonly isShort?: boolean
}

function Dosage({ order }: { readonly order: MedicationRequest }) {
  const { language } = useLanguage()
  const words = dosageWords(order.dosageInstruction?.[0], language)
  if (words === undefined) return '–'
  return words.kind === 'structured' ? words.text : <Concept concept={{ text: words.text }} />
}

function Medicine({ order }: { readonly order: MedicationRequest }) {
  const { medicationCodeableConcept: concept, medicationReference: reference } = order
  const named = reference?.display ?? reference?.reference
  return <Concept concept={concept ?? (named === undefined ? undefined : { text: named })} />
}

/** The table. */
export function MedicationTable({ label, rows, isShort = false }: MedicationTableProps) {
  const text = useText(sectionsText)
  const { language } = useLanguage()
  const main: readonly PlainColumn<MedicationRequest>[] = [
    { key: 'name', label: text.medicine, cell: (order) => <Medicine order={order} /> },
    { key: 'dosage', label: text.dosage, cell: (order) => <Dosage order={order} /> },
    { key: 'date', isFixed: true, label: text.prescribed, cell: ({ authoredOn }) => dayText(authoredOn) ?? '–' },
  ]
  const more: readonly PlainColumn<MedicationRequest>[] = [
    { key: 'state', label: text.status, cell: ({ status }) => stateWords(status, text) },
    {
      key: 'supply',
      label: text.supply,
      cell: ({ dispenseRequest }) => quantityText(dispenseRequest?.quantity, language) ?? '–',
    },
    {
      key: 'repeats',
      label: text.repeats,
      isNumber: true,
      cell: ({ dispenseRequest }) => String(dispenseRequest?.numberOfRepeatsAllowed ?? '–'),
    },
  ]
  return <PlainTable columns={isShort ? main : [...main, ...more]} label={label} rowKey={({ id }) => id} rows={rows} />
}
