// Triage: patients begin an interview and find their earlier ones; clinicians see those of all patients.
import { useCaller } from '../../app/session.ts'
import { PageTitle } from '../../components/PageTitle.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { Begin } from './Begin.tsx'
import { InterviewList } from './InterviewList.tsx'
import styles from './Triage.module.css'
import { triageText } from './text.ts'

/** The screen. */
export function Triage() {
  const text = useText(triageText)
  const { roles } = useCaller()
  const isStaff = roles.some((role) => role !== 'patient')
  return (
    <div className={styles.page} data-staff={isStaff || undefined}>
      <PageTitle tab={text.title}>{text.title}</PageTitle>
      <p className={styles.quiet}>{text.about}</p>
      <p className={styles.statement}>{text.statement}</p>
      {isStaff ? null : <Begin />}
      <InterviewList isStaff={isStaff} />
    </div>
  )
}
