// How an access ended: a word with a mark; refusals and failures stand out, without alarm.
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Audit.module.css'
import type { Outcome } from './audit-view.ts'
import { auditText } from './text.ts'

/** Shows an outcome. */
export function OutcomeMark({ outcome }: { readonly outcome: Outcome }) {
  const text = useText(auditText)
  return (
    <span className={styles.outcome} data-outcome={outcome}>
      {text[`outcome.${outcome}`]}
    </span>
  )
}
