// Everything that happened to the patient in one list, with the years to jump to.
import { Button, NativeSelect, Skeleton } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { type EventKind, eventKinds, eventsOf, timelineRows } from '../../clinical/timeline.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import {
  useAllergies,
  useConditions,
  useEncounters,
  useImmunizations,
  useMedications,
  usePatientId,
  useProcedures,
} from './queries.ts'
import styles from './Timeline.module.css'
import { TimelineList } from './TimelineList.tsx'
import { timelineText } from './timeline-text.ts'

function useParts() {
  const patientId = usePatientId()
  const encounters = useEncounters(patientId)
  const conditions = useConditions(patientId)
  const medications = useMedications(patientId)
  const allergies = useAllergies(patientId)
  const procedures = useProcedures(patientId)
  const immunizations = useImmunizations(patientId)
  const parts = {
    encounter: encounters,
    condition: conditions,
    medication: medications,
    procedure: procedures,
    immunization: immunizations,
    allergy: allergies,
  }
  const events = useMemo(
    () =>
      eventsOf({
        encounters: encounters.data?.rows ?? [],
        conditions: conditions.data?.rows ?? [],
        medications: medications.data?.rows ?? [],
        allergies: allergies.data?.rows ?? [],
        procedures: procedures.data?.rows ?? [],
        immunizations: immunizations.data?.rows ?? [],
      }),
    [encounters.data, conditions.data, medications.data, allergies.data, procedures.data, immunizations.data],
  )
  return { parts, events }
}

function useKind(): readonly [EventKind | undefined, (kind: string) => void] {
  const patientId = usePatientId()
  const navigate = useNavigate()
  const { kind } = useSearch({ from: '/signed-in/patients/$patientId/timeline' })
  const choose = (next: string): void =>
    void navigate({
      to: '/patients/$patientId/timeline',
      params: { patientId },
      search: next === '' ? {} : { kind: next },
      replace: true,
      resetScroll: false,
    })
  return [eventKinds.find((known) => known === kind), choose]
}

function Waiting({ done, total }: { readonly done: number; readonly total: number }) {
  const text = useText(timelineText)
  return (
    <div aria-busy="true" className={styles.waiting}>
      <p role="status">{fill(text.loading, { done, total })}</p>
      <Skeleton h={56} />
      <Skeleton h={320} />
    </div>
  )
}

type Parts = ReturnType<typeof useParts>['parts']

function Missing({ parts }: { readonly parts: Parts }) {
  const text = useText(timelineText)
  const failed = eventKinds.filter((kind) => parts[kind].isError)
  if (failed.length === 0) return null
  const again = (): void => failed.forEach((kind) => void parts[kind].refetch())
  return (
    <div className={styles.missing} role="alert">
      <span>{fill(text.failed, { kinds: failed.map((kind) => text[`show.${kind}`]).join(', ') })}</span>
      <Button onClick={again} variant="default">
        {text.again}
      </Button>
    </div>
  )
}

/** The section. */
export function Timeline() {
  const text = useText(timelineText)
  const { parts, events } = useParts()
  const [kind, choose] = useKind()
  const asked = eventKinds.map((one) => parts[one])
  const rows = useMemo(
    () => timelineRows(kind === undefined ? events : events.filter((event) => event.kind === kind)),
    [events, kind],
  )
  const done = asked.filter(({ isPending }) => !isPending).length
  if (done < asked.length) return <Waiting done={done} total={asked.length} />
  if (asked.every(({ isError }) => isError)) {
    return <FailurePanel error={asked[0]?.error} onRetry={() => asked.forEach((one) => void one.refetch())} />
  }
  const shown = rows.filter((row) => row.kind === 'event').length
  return (
    <section aria-label={text.title} className={styles.timeline}>
      <div className={styles.tools}>
        <NativeSelect
          data={[
            { value: '', label: text['show.all'] },
            ...eventKinds.map((one) => ({ value: one, label: text[`show.${one}`] })),
          ]}
          label={text.show}
          onChange={(event) => choose(event.currentTarget.value)}
          value={kind ?? ''}
        />
        <p className={styles.count} role="status">
          {fill(text.count, { count: shown })}
        </p>
      </div>
      <Missing parts={parts} />
      {asked.some(({ data }) => data?.isComplete === false) ? <p className={styles.count}>{text.incomplete}</p> : null}
      {rows.length === 0 ? (
        <EmptyState
          action={
            <Button onClick={() => choose('')} variant="default">
              {text.noneAction}
            </Button>
          }
          reason={text.noneReason}
          title={text.none}
        />
      ) : (
        <TimelineList rows={rows} />
      )}
    </section>
  )
}
