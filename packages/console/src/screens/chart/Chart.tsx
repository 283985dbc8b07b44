// The frame of a patient's chart: the banner that stays, and the sections below it.
import { Skeleton } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { PageTitle } from '../../components/PageTitle.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { Banner } from './Banner.tsx'
import styles from './Chart.module.css'
import { usePatient } from './queries.ts'
import { chartText } from './text.ts'

/** The screen. */
export function Chart() {
  const text = useText(chartText)
  const { patientId } = useParams({ from: '/signed-in/patients/$patientId' })
  const patient = usePatient(patientId)
  if (patient.isPending) {
    return (
      <div aria-busy="true" className={styles.waiting}>
        <span className="visually-hidden" role="status">
          {text.loading}
        </span>
        <Skeleton h={28} maw={480} />
        <Skeleton h={300} />
      </div>
    )
  }
  if (patient.isError) {
    return (
      <div className={styles.waiting}>
        <PageTitle tab={text.tab}>{text.tab}</PageTitle>
        <FailurePanel error={patient.error} onRetry={() => void patient.refetch()} />
      </div>
    )
  }
  return (
    <div className={styles.chart}>
      <div className={styles.top}>
        <Banner patient={patient.data} />
      </div>
    </div>
  )
}
