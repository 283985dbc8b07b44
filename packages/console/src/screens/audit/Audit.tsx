// The audit trail: the state of its chain, and who saw or changed what.
import { PageTitle } from '../../components/PageTitle.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Audit.module.css'
import { AuditEvents } from './AuditEvents.tsx'
import { ChainState } from './ChainState.tsx'
import { auditText } from './text.ts'

/** The screen. */
export function Audit() {
  const text = useText(auditText)
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <PageTitle tab={text.title}>{text.title}</PageTitle>
        <p className={styles.quiet}>{text.about}</p>
      </div>
      <ChainState />
      <AuditEvents />
    </div>
  )
}
