// All encounters of the patient; one that is chosen shows what was measured, found and ordered in it.
import { Link, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Encounter } from '../../api/fhir.ts'
import { minuteText } from '../../clinical/dates.ts'
import { Concept } from '../../components/Concept.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { Section } from '../../components/Section.tsx'
import { type Column, VirtualTable } from '../../components/VirtualTable.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Chart.module.css'
import { EncounterDetail } from './EncounterDetail.tsx'
import { useEncounters, usePatientId } from './queries.ts'
import { type SectionsText, sectionsText } from './sections-text.ts'
import { lengthWords, stateWords } from './state-words.ts'
import { chartText } from './text.ts'

function Opener({ encounter }: { readonly encounter: Encounter }) {
  const patientId = usePatientId()
  return (
    <Link
      params={{ patientId }}
      replace
      resetScroll={false}
      search={{ encounter: encounter.id }}
      to="/patients/$patientId/encounters"
    >
      {minuteText(encounter.period?.start) ?? '–'}
    </Link>
  )
}

function columnsOf(text: SectionsText): readonly Column<Encounter>[] {
  return [
    { key: 'date', label: text.date, width: '9.7em', cell: (one) => <Opener encounter={one} /> },
    { key: 'type', label: text.type, width: 'minmax(10em, 2fr)', cell: ({ type }) => <Concept concept={type?.[0]} /> },
    {
      key: 'setting',
      label: text.setting,
      width: 'minmax(6.4em, 1fr)',
      cell: (one) => <Concept concept={one.class === undefined ? undefined : { coding: [one.class] }} />,
    },
    {
      key: 'reason',
      label: text.reason,
      width: 'minmax(8.6em, 2fr)',
      isWide: true,
      cell: ({ reasonCode }) => <Concept concept={reasonCode?.[0]} />,
    },
    {
      key: 'length',
      label: text.length,
      width: '6em',
      isNumber: true,
      cell: ({ period }) => lengthWords(period?.start, period?.end, text) ?? '–',
    },
    {
      key: 'state',
      label: text.status,
      width: '7.1em',
      isWide: true,
      cell: ({ status }) => stateWords(status, text),
    },
  ]
}

const keyOf = ({ id }: Encounter): string => id

/** The section. */
export function Encounters() {
  const text = useText(sectionsText)
  const chart = useText(chartText)
  const patientId = usePatientId()
  const { encounter: chosen } = useSearch({ from: '/signed-in/patients/$patientId/encounters' })
  const asked = useEncounters(patientId)
  const opened = asked.data?.rows.find(({ id }) => id === chosen)
  const isNarrow = opened !== undefined
  const columns = useMemo(() => columnsOf(text).filter(({ isWide }) => !isNarrow || isWide !== true), [text, isNarrow])
  const isChosen = useMemo(() => (one: Encounter) => one.id === chosen, [chosen])
  const empty = (
    <EmptyState
      action={
        <Link params={{ patientId }} to="/patients/$patientId">
          {chart.summary}
        </Link>
      }
      reason={text['encounters.noneReason']}
      title={text['encounters.none']}
    />
  )
  return (
    <div className={styles.split} data-open={isNarrow || undefined}>
      {opened === undefined ? null : <EncounterDetail encounter={opened} key={opened.id} />}
      <Section
        aside={<span className="quiet">{asked.data?.rows.length}</span>}
        asked={asked}
        empty={empty}
        isEmpty={({ rows }) => rows.length === 0}
        loading={fill(text.loading, { what: chart.encounters })}
        title={chart.encounters}
      >
        {({ rows, isComplete }) => (
          <>
            <VirtualTable
              columns={columns}
              isBare
              isChosen={isChosen}
              label={chart.encounters}
              rowKey={keyOf}
              rows={rows}
              total={isComplete ? rows.length : undefined}
            />
            {isComplete ? null : <p className={styles.note}>{fill(text.incomplete, { count: rows.length })}</p>}
          </>
        )}
      </Section>
    </div>
  )
}
