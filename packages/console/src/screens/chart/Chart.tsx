// The frame of a patient's chart: the banner that stays, the sections below it, and what is shown when there is no record.
import { Skeleton } from '@mantine/core'
import { Link, Outlet } from '@tanstack/react-router'
import { type CSSProperties, type ReactNode, useEffect, useRef, useState } from 'react'
import { Failure } from '../../api/failure.ts'
import { useCaller } from '../../app/session.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { PageTitle } from '../../components/PageTitle.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { HiddenPatient, Withheld } from '../withheld/Withheld.tsx'
import { Banner } from './Banner.tsx'
import styles from './Chart.module.css'
import { usePatient, usePatientId } from './queries.ts'
import { chartText } from './text.ts'

const sections = [
  'summary',
  'timeline',
  'conditions',
  'results',
  'medications',
  'encounters',
  'risk',
  'privacy',
] as const

function SectionLinks({ patientId }: { readonly patientId: string }) {
  const text = useText(chartText)
  const isStaff = useCaller().roles.some((role) => role !== 'patient')
  // An estimate of dying is told by a clinician, not found in a tab; what is withheld is the patient's own to say.
  const offered = sections.filter((section) => section !== (isStaff ? 'privacy' : 'risk'))
  return (
    <nav aria-label={text.sections} className={styles.links}>
      {offered.map((section) => (
        <Link
          activeOptions={{ exact: section === 'summary', includeSearch: false }}
          className={styles.link}
          key={section}
          params={{ patientId }}
          to={section === 'summary' ? '/patients/$patientId' : `/patients/$patientId/${section}`}
        >
          {text[section]}
        </Link>
      ))}
    </nav>
  )
}

// Long tables stick their headings below the banner, whose height depends on what it says.
function useHeight() {
  const place = useRef<HTMLDivElement>(null)
  const [heightPx, setHeight] = useState(0)
  useEffect(() => {
    const target = place.current
    if (target === null) return
    const observer = new ResizeObserver(() => setHeight(target.offsetHeight))
    observer.observe(target)
    return () => observer.disconnect()
  }, [])
  return { place, heightPx }
}

function Waiting() {
  const text = useText(chartText)
  return (
    <div aria-busy="true" className={styles.sections}>
      <span className="visually-hidden" role="status">
        {text.loading}
      </span>
      <Skeleton h={28} maw={480} />
      <Skeleton h={300} />
    </div>
  )
}

function NoRecord({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  const text = useText(chartText)
  const caller = useCaller()
  const patientId = usePatientId()
  const isMissing = error instanceof Failure && error.kind === 'not-found'
  const isOwn = caller.patient === patientId && isMissing
  return (
    <div className={styles.sections}>
      <PageTitle tab={text.tab}>{text.tab}</PageTitle>
      {isOwn ? (
        <EmptyState
          action={
            <button className={styles.again} onClick={onRetry} type="button">
              {text.ownAgain}
            </button>
          }
          reason={text.ownMissingReason}
          title={text.ownMissing}
        />
      ) : (
        <>
          <FailurePanel error={error} onRetry={onRetry} />
          {isMissing ? <HiddenPatient patientId={patientId} /> : null}
        </>
      )}
    </div>
  )
}

function Open({ patientId, children }: { readonly patientId: string; readonly children: ReactNode }) {
  const { place, heightPx } = useHeight()
  return (
    <div className={styles.chart} style={{ '--table-top': `calc(var(--bar) + ${heightPx}px)` } as CSSProperties}>
      <div className={styles.top} ref={place}>
        {children}
        <SectionLinks patientId={patientId} />
      </div>
      <Outlet />
    </div>
  )
}

/** The screen. */
export function Chart() {
  const patientId = usePatientId()
  const patient = usePatient(patientId)
  if (patient.isPending) return <Waiting />
  if (patient.isError) return <NoRecord error={patient.error} onRetry={() => void patient.refetch()} />
  return (
    <Open patientId={patientId}>
      <Banner patient={patient.data} />
      <Withheld patientId={patientId} />
    </Open>
  )
}
