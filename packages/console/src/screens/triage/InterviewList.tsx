// Interviews, newest first: a patient's own, or those of all patients for clinicians.
import { Link } from '@tanstack/react-router'
import { minuteText } from '../../clinical/dates.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { Section } from '../../components/Section.tsx'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Triage.module.css'
import { triageText } from './text.ts'
import type { Interview } from './triage-api.ts'
import { useInterviews } from './triage-queries.ts'

// A list of names would be a list of who is ill with what: the id leads to the chart, whose opening is recorded.
function patientColumn(text: { readonly patient: string; readonly noPatient: string }): PlainColumn<Interview> {
  return {
    key: 'patient',
    label: text.patient,
    cell: ({ patient }) =>
      patient === null ? (
        <span className={styles.quiet}>{text.noPatient}</span>
      ) : (
        <Link className={styles.rowLink} params={{ patientId: patient }} to="/patients/$patientId">
          {patient}
        </Link>
      ),
  }
}

/** The list. */
export function InterviewList({ isStaff }: { readonly isStaff: boolean }) {
  const text = useText(triageText)
  const { language } = useLanguage()
  const asked = useInterviews()
  const columns: readonly PlainColumn<Interview>[] = [
    {
      key: 'complaints',
      label: text.complaints,
      cell: ({ id, complaints }) => (
        <Link className={styles.rowLink} params={{ interviewId: id }} to="/triage/$interviewId">
          {complaints.map(({ name }) => name[language]).join(language === 'zh' ? '、' : ', ')}
        </Link>
      ),
    },
    ...(isStaff ? [patientColumn(text)] : []),
    { key: 'when', label: text.when, isFixed: true, cell: ({ created_at }) => minuteText(created_at) ?? '–' },
    { key: 'state', label: text.state, cell: ({ status }) => text[`state.${status}`] },
    {
      key: 'urgency',
      label: text.urgency,
      cell: ({ conclusion, urgency }) => {
        const { level } = conclusion?.urgency ?? urgency
        return (
          <span className={styles.level} data-level={level}>
            {text[`level.${level}`]}
          </span>
        )
      },
    },
  ]
  return (
    <Section
      asked={asked}
      empty={
        <EmptyState
          reason={isStaff ? text.noStaffReason : text.noEarlierReason}
          title={isStaff ? text.noStaff : text.noEarlier}
        />
      }
      isEmpty={(rows) => rows.length === 0}
      loading={text.loading}
      title={isStaff ? text.list : text.earlier}
    >
      {(rows) => <PlainTable columns={columns} label={text.list} rowKey={({ id }) => id} rows={rows} />}
    </Section>
  )
}
