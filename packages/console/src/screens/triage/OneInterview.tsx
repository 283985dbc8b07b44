// One interview: its open question, or what it came to.
import { Skeleton } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { useCaller } from '../../app/session.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { PageTitle } from '../../components/PageTitle.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { CareCard } from './CareCard.tsx'
import { ClinicianView } from './ClinicianView.tsx'
import { Question } from './Question.tsx'
import styles from './Triage.module.css'
import { triageText } from './text.ts'
import type { Interview } from './triage-api.ts'
import { useInterview } from './triage-queries.ts'

function Body({ interview, isStaff }: { readonly interview: Interview; readonly isStaff: boolean }) {
  const text = useText(triageText)
  const { status, conclusion } = interview
  if (status === 'abandoned') return <p>{text.givenUp}</p>
  if (status !== 'finished' || conclusion === null) return <Question interview={interview} />
  return isStaff ? (
    <ClinicianView conclusion={conclusion} interview={interview} />
  ) : (
    <CareCard conclusion={conclusion} />
  )
}

/** The screen. */
export function OneInterview() {
  const text = useText(triageText)
  const { interviewId } = useParams({ from: '/signed-in/triage/$interviewId' })
  const { roles } = useCaller()
  const isStaff = roles.some((role) => role !== 'patient')
  const asked = useInterview(interviewId)
  return (
    <div className={styles.page} data-staff={isStaff || undefined}>
      <PageTitle tab={text.title}>{text.title}</PageTitle>
      {asked.data !== undefined ? (
        <Body interview={asked.data} isStaff={isStaff} />
      ) : asked.isError ? (
        <FailurePanel error={asked.error} onRetry={() => void asked.refetch()} />
      ) : (
        <div aria-busy="true">
          <span className="visually-hidden" role="status">
            {text.loadingOne}
          </span>
          <Skeleton h={240} />
        </div>
      )}
      <p>
        <Link className={styles.again} to="/triage">
          {isStaff ? text.list : text.earlier}
        </Link>
      </p>
    </div>
  )
}
