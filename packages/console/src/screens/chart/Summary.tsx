// The chart at a glance: conditions, medications, the latest of each test, recent encounters.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { splitConditions, splitMedications } from '../../clinical/current.ts'
import { dayText, minuteText } from '../../clinical/dates.ts'
import { type ObservedTest, observedAt, testsOf, trendOf } from '../../clinical/trends.ts'
import { Concept } from '../../components/Concept.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { PlainTable } from '../../components/PlainTable.tsx'
import { Section } from '../../components/Section.tsx'
import { Sparkline } from '../../components/Sparkline.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { ConditionTable } from './ConditionTable.tsx'
import { MedicationTable } from './MedicationTable.tsx'
import { useConditions, useLatestObservations, useMedications, usePatientId, useRecentEncounters } from './queries.ts'
import styles from './Summary.module.css'
import { sectionsText } from './sections-text.ts'
import { stateWords } from './state-words.ts'
import { Value } from './Value.tsx'

const maxTests = 12
const maxEncounters = 6

type SectionPath = 'timeline' | 'conditions' | 'medications' | 'results' | 'encounters'

function More({ to, children }: { readonly to: SectionPath; readonly children: ReactNode }) {
  const patientId = usePatientId()
  return (
    <Link params={{ patientId }} to={`/patients/$patientId/${to}`}>
      {children}
    </Link>
  )
}

// How many there are in all, leading to them; nothing where there are none.
function All({ count = 0, to }: { readonly count: number | undefined; readonly to: SectionPath }) {
  const text = useText(sectionsText)
  return count === 0 ? null : <More to={to}>{fill(text.all, { count })}</More>
}

function useNothing() {
  const text = useText(sectionsText)
  return (part: 'conditions' | 'medications' | 'results' | 'encounters') => (
    <EmptyState
      action={<More to="timeline">{text.toTimeline}</More>}
      reason={text[`${part}.noneReason`]}
      title={text[`${part}.none`]}
    />
  )
}

function Conditions() {
  const text = useText(sectionsText)
  const asked = useConditions(usePatientId())
  const nothing = useNothing()
  return (
    <Section
      aside={<All count={asked.data?.rows.length} to="conditions" />}
      asked={asked}
      empty={nothing('conditions')}
      isEmpty={({ rows }) => rows.length === 0}
      loading={fill(text.loading, { what: text.conditions })}
      title={text['conditions.current']}
    >
      {({ rows }) => <ConditionTable isShort label={text['conditions.current']} rows={splitConditions(rows).current} />}
    </Section>
  )
}

function Medications() {
  const text = useText(sectionsText)
  const asked = useMedications(usePatientId())
  const nothing = useNothing()
  return (
    <Section
      aside={<All count={asked.data?.rows.length} to="medications" />}
      asked={asked}
      empty={nothing('medications')}
      isEmpty={({ rows }) => rows.length === 0}
      loading={fill(text.loading, { what: text.medications })}
      title={text['medications.current']}
    >
      {({ rows }) => (
        <MedicationTable isShort label={text['medications.current']} rows={splitMedications(rows).current} />
      )}
    </Section>
  )
}

function TestName({ test }: { readonly test: ObservedTest }) {
  const patientId = usePatientId()
  return (
    <Link params={{ patientId }} search={{ code: test.code }} to="/patients/$patientId/results">
      <Concept concept={test.concept} />
    </Link>
  )
}

function Results() {
  const text = useText(sectionsText)
  const asked = useLatestObservations(usePatientId())
  const nothing = useNothing()
  return (
    <Section
      aside={<More to="results">{text.showAll}</More>}
      asked={asked}
      empty={nothing('results')}
      isEmpty={({ rows }) => rows.length === 0}
      loading={fill(text.loading, { what: text['results.latest'] })}
      title={text['results.latest']}
    >
      {({ rows }) => (
        <PlainTable
          columns={[
            { key: 'test', label: text.test, cell: (test) => <TestName test={test} /> },
            {
              key: 'latest',
              label: text.latest,
              cell: ({ observations: [latest] }) => (latest === undefined ? '–' : <Value observation={latest} />),
            },
            {
              key: 'course',
              isFixed: true,
              label: text.course,
              cell: (test) => {
                const [line] = trendOf(test)
                return line === undefined ? null : <Sparkline points={line.points} range={line.range} />
              },
            },
            {
              key: 'date',
              isFixed: true,
              label: text.date,
              cell: ({ observations: [latest] }) => (latest === undefined ? '–' : (dayText(observedAt(latest)) ?? '–')),
            },
          ]}
          label={text['results.latest']}
          rowKey={({ code }) => code}
          rows={testsOf(rows).slice(0, maxTests)}
        />
      )}
    </Section>
  )
}

function Encounters() {
  const text = useText(sectionsText)
  const asked = useRecentEncounters(usePatientId(), maxEncounters)
  const nothing = useNothing()
  return (
    <Section
      aside={<More to="encounters">{text.showAll}</More>}
      asked={asked}
      empty={nothing('encounters')}
      isEmpty={({ rows }) => rows.length === 0}
      loading={fill(text.loading, { what: text['encounters.recent'] })}
      title={text['encounters.recent']}
    >
      {({ rows }) => (
        <PlainTable
          columns={[
            { key: 'date', isFixed: true, label: text.date, cell: ({ period }) => minuteText(period?.start) ?? '–' },
            { key: 'type', label: text.type, cell: ({ type }) => <Concept concept={type?.[0]} /> },
            {
              key: 'setting',
              label: text.setting,
              cell: (one) => <Concept concept={one.class === undefined ? undefined : { coding: [one.class] }} />,
            },
            { key: 'state', label: text.status, cell: ({ status }) => stateWords(status, text) },
          ]}
          label={text['encounters.recent']}
          rowKey={({ id }) => id}
          rows={rows}
        />
      )}
    </Section>
  )
}

/** The section. */
export function Summary() {
  return (
    <div className={styles.summary}>
      <div className={styles.column}>
        <Conditions />
        <Medications />
        <Encounters />
      </div>
      <div className={styles.column}>
        <Results />
      </div>
    </div>
  )
}
