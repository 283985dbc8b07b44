// The rows of the patient list.
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Patient } from '../../api/fhir.ts'
import { dayOfClock } from '../../clinical/age.ts'
import { minuteText } from '../../clinical/dates.ts'
import { nameOf } from '../../clinical/names.ts'
import { ageWords, isDeceased, patientAge, recordNumberOf, sexWords } from '../../clinical/person-words.ts'
import { clinicalText } from '../../clinical/text.ts'
import { type Column, VirtualTable } from '../../components/VirtualTable.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Patients.module.css'
import { patientsText } from './text.ts'

interface PatientTableProps {
  readonly rows: readonly Patient[]
  readonly total: number | undefined
  /** True while these rows still answer the search before. */
  readonly isStale: boolean
  readonly onEnd: () => void
}

function useColumns(): readonly Column<Patient>[] {
  const text = useText(patientsText)
  const words = useText(clinicalText)
  return useMemo(() => {
    const today = dayOfClock(new Date())
    const age = (patient: Patient): string => {
      const known = patientAge(patient, today)
      return known === undefined ? '–' : ageWords(known, words)
    }
    return [
      {
        key: 'name',
        label: text['column.name'],
        width: 'minmax(11.4em, 2fr)',
        cell: (patient) => (
          <>
            <Link className={styles.name} params={{ patientId: patient.id }} to="/patients/$patientId">
              {nameOf(patient.name) ?? text.unnamed}
            </Link>
            {isDeceased(patient) ? <span className={styles.deceased}> · {text.deceased}</span> : null}
          </>
        ),
      },
      { key: 'sex', label: text['column.sex'], width: '5.1em', cell: ({ gender }) => sexWords(gender, words) ?? '–' },
      { key: 'age', label: text['column.age'], width: '5.1em', isNumber: true, cell: age },
      { key: 'born', label: text['column.born'], width: '6.9em', cell: ({ birthDate }) => birthDate ?? '–' },
      {
        key: 'mrn',
        label: text['column.mrn'],
        width: 'minmax(9.3em, 1fr)',
        cell: (patient) => recordNumberOf(patient) ?? '–',
      },
      {
        key: 'phone',
        label: text['column.phone'],
        width: 'minmax(8.6em, 1fr)',
        isWide: true,
        cell: ({ telecom }) => telecom?.find(({ system }) => system === 'phone')?.value ?? '–',
      },
      {
        key: 'city',
        label: text['column.city'],
        width: 'minmax(5.7em, 1fr)',
        isWide: true,
        cell: ({ address }) => address?.[0]?.city ?? '–',
      },
      {
        key: 'updated',
        label: text['column.updated'],
        width: '9.4em',
        isWide: true,
        cell: ({ meta }) => minuteText(meta?.lastUpdated) ?? '–',
      },
    ]
  }, [text, words])
}

const keyOf = ({ id }: Patient): string => id

/** The table. */
export function PatientTable({ rows, total, isStale, onEnd }: PatientTableProps) {
  const text = useText(patientsText)
  const columns = useColumns()
  return (
    <div className={styles.table} data-stale={isStale || undefined}>
      <VirtualTable columns={columns} label={text.title} onEnd={onEnd} rowKey={keyOf} rows={rows} total={total} />
    </div>
  )
}
