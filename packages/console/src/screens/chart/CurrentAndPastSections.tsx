// A list of the chart in two: what is current, and what is past.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Collected } from '../../api/search.ts'
import type { CurrentAndPast } from '../../clinical/current.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type Loadable, Section } from '../../components/Section.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Chart.module.css'
import { usePatientId } from './queries.ts'
import { sectionsText } from './sections-text.ts'
import { chartText } from './text.ts'

interface CurrentAndPastProps<T> {
  readonly part: 'conditions' | 'medications'
  readonly asked: Loadable<Collected<T>>
  readonly split: (rows: readonly T[]) => CurrentAndPast<T>
  readonly table: (label: string, rows: readonly T[]) => ReactNode
}

/** The two sections. */
export function CurrentAndPastSections<T>({ part, asked, split, table }: CurrentAndPastProps<T>) {
  const text = useText(sectionsText)
  const chart = useText(chartText)
  const patientId = usePatientId()
  const empty = (
    <EmptyState
      action={
        <Link params={{ patientId }} to="/patients/$patientId">
          {chart.summary}
        </Link>
      }
      reason={text[`${part}.noneReason`]}
      title={text[`${part}.none`]}
    />
  )
  const common = { asked, empty, loading: fill(text.loading, { what: text[part] }) }
  return (
    <div className={styles.sections}>
      {(['current', 'past'] as const).map((time) => (
        <Section
          {...common}
          isEmpty={({ rows }) => split(rows)[time].length === 0}
          key={time}
          title={text[`${part}.${time}`]}
        >
          {({ rows }) => table(text[`${part}.${time}`], split(rows)[time])}
        </Section>
      ))}
      {asked.data?.isComplete === false ? <p>{fill(text.incomplete, { count: asked.data.rows.length })}</p> : null}
    </div>
  )
}
