// The risk panel of a patient's chart: sentence first, chart second, limits and method always beside them.
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useCaller } from '../../app/session.ts'
import { minuteText } from '../../clinical/dates.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { Section } from '../../components/Section.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import { usePatientId } from '../chart/queries.ts'
import styles from './Risk.module.css'
import { RiskChart } from './RiskChart.tsx'
import { useAssess, useEvidence, useRiskAssessment } from './risk-queries.ts'
import { type RiskView, riskViewOf } from './risk-view.ts'
import { riskText } from './text.ts'

type Assessing = ReturnType<typeof useAssess>

const assessors: readonly string[] = ['clinician', 'admin', 'system']

function AssessButton({ assessing, isFirst }: { readonly assessing: Assessing; readonly isFirst: boolean }) {
  const text = useText(riskText)
  const { roles } = useCaller()
  if (!roles.some((role) => assessors.includes(role))) return isFirst ? <p>{text.noneOthers}</p> : null
  return (
    <Button disabled={assessing.isPending} onClick={() => assessing.mutate()} variant={isFirst ? 'filled' : 'default'}>
      {assessing.isPending ? text.assessing : isFirst ? text.assess : text.again}
    </Button>
  )
}

function Plain({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className={styles.plain}>
      <h3>{title}</h3>
      {children}
    </div>
  )
}

function Assessment({ view, patientId }: { readonly view: RiskView; readonly patientId: string }) {
  const text = useText(riskText)
  const ids = view.shares.flatMap(({ evidence }) => evidence?.replace(/^Observation\//, '') ?? [])
  const evidence = useEvidence(patientId, ids)
  const time = (value: string | undefined): string => minuteText(value) ?? '–'
  return (
    <div className={styles.panel}>
      <p className={styles.statement}>{text.statement}</p>
      <p className={styles.sentence}>{view.sentence}</p>
      <p className={styles.quiet}>
        {fill(text.assessed, { time: time(view.assessedAt), from: time(view.from), to: time(view.to) })}{' '}
        {fill(text.basis, { count: view.basisCount })}
      </p>
      <Plain title={text.reasons}>
        <RiskChart evidence={evidence.data ?? new Map()} patientId={patientId} view={view} />
      </Plain>
      <Plain title={text.limits}>
        <ul className={styles.limits}>
          {view.limits.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
      </Plain>
      <Plain title={text.method}>
        <p>{fill(text.methodWords, { model: view.model, version: view.version })}</p>
      </Plain>
    </div>
  )
}

/** The section. */
export function Risk() {
  const text = useText(riskText)
  const { language } = useLanguage()
  const patientId = usePatientId()
  const asked = useRiskAssessment(patientId)
  const assessing = useAssess(patientId)
  const view = asked.data == null ? undefined : riskViewOf(asked.data, language)
  return (
    <>
      {assessing.isError ? <FailurePanel error={assessing.error} isCompact onRetry={() => assessing.mutate()} /> : null}
      <Section
        aside={view === undefined ? null : <AssessButton assessing={assessing} isFirst={false} />}
        asked={asked}
        empty={
          <EmptyState
            action={<AssessButton assessing={assessing} isFirst />}
            reason={text.noneReason}
            title={text.none}
          />
        }
        isEmpty={() => view === undefined}
        loading={text.loading}
        title={text.title}
      >
        {() => (view === undefined ? null : <Assessment patientId={patientId} view={view} />)}
      </Section>
    </>
  )
}
