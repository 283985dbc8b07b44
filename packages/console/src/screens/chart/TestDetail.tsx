// The course of one test: a chart for each unit, and every value in a table.
import { Skeleton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { CodeableConcept, Observation } from '../../api/fhir.ts'
import { minuteText } from '../../clinical/dates.ts'
import { observedAt, type TrendSeries, testsOf, trendOf } from '../../clinical/trends.ts'
import { rangeOf, rangeText } from '../../clinical/values.ts'
import { Concept } from '../../components/Concept.tsx'
import { DetailHead } from '../../components/DetailHead.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { type Column, VirtualTable } from '../../components/VirtualTable.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { usePatientId, useTest } from './queries.ts'
import styles from './Results.module.css'
import { resultsText } from './results-text.ts'
import { sectionsText } from './sections-text.ts'
import { stateWords } from './state-words.ts'
import { TrendChart } from './TrendChart.tsx'
import { Value } from './Value.tsx'

interface TestDetailProps {
  /** `system|code`. */
  readonly code: string
  readonly concept: CodeableConcept | undefined
}

function Charts({ lines, concept }: { readonly lines: readonly TrendSeries[]; readonly concept: CodeableConcept }) {
  const text = useText(resultsText)
  const [main] = lines
  if (main === undefined) return <p className="quiet">{text.noCourse}</p>
  const together = lines.filter(({ unit }) => unit === main.unit)
  const others = [...new Set(lines.filter(({ unit }) => unit !== main.unit).map(({ unit }) => unit))]
  return (
    <>
      <TrendChart concept={concept} lines={together} />
      <p className="quiet">
        {main.range !== undefined && together.length === 1 ? text.band : ''}{' '}
        {others.length === 0 ? '' : fill(text.unitsMixed, { units: others.join(', ') })}
      </p>
    </>
  )
}

function useColumns(): readonly Column<Observation>[] {
  const text = useText(resultsText)
  const sections = useText(sectionsText)
  return useMemo(
    () => [
      { key: 'date', label: text.date, width: '9.7em', cell: (one) => minuteText(observedAt(one)) ?? '–' },
      {
        key: 'value',
        label: text.value,
        width: 'minmax(10em, 1fr)',
        cell: (one) => <Value observation={one} />,
      },
      {
        key: 'expected',
        label: text.expected,
        width: '6.9em',
        cell: (one) => {
          const range = rangeOf(one)
          return range === undefined ? '–' : rangeText(range)
        },
      },
      { key: 'status', label: text.status, width: '6.9em', cell: ({ status }) => stateWords(status, sections) },
    ],
    [text, sections],
  )
}

const keyOf = ({ id }: Observation): string => id

/** The detail. */
export function TestDetail({ code, concept }: TestDetailProps) {
  const text = useText(resultsText)
  const patientId = usePatientId()
  const asked = useTest(patientId, code)
  const columns = useColumns()
  const test = useMemo(() => testsOf(asked.data?.rows ?? []).find((one) => one.code === code), [asked.data, code])
  const lines = useMemo(() => (test === undefined ? [] : trendOf(test)), [test])
  const name = test?.concept ?? concept
  return (
    <aside aria-labelledby="test" className={styles.detail}>
      <DetailHead
        close={(look) => (
          <Link {...look} aria-label={text.close} params={{ patientId }} to="/patients/$patientId/results" />
        )}
        id="test"
        level={2}
      >
        <Concept concept={name} otherwise={code} />
      </DetailHead>
      {asked.isError ? <FailurePanel error={asked.error} isCompact onRetry={() => void asked.refetch()} /> : null}
      {asked.isPending ? (
        <div aria-busy="true">
          <p role="status">{text.loadingTest}</p>
          <Skeleton h={260} />
        </div>
      ) : null}
      {test === undefined ? null : (
        <>
          <Charts concept={test.concept} lines={lines} />
          <h3>{text.all}</h3>
          <VirtualTable
            columns={columns}
            label={text.all}
            rowKey={keyOf}
            rows={test.observations}
            total={test.observations.length}
          />
          {asked.data?.isComplete === false ? <p>{fill(text.incomplete, { count: asked.data.rows.length })}</p> : null}
        </>
      )}
    </aside>
  )
}
