// An empty place that says what is not there, why, and the one thing to do about it.
import type { ReactNode } from 'react'
import styles from './EmptyState.module.css'

interface EmptyStateProps {
  readonly title: string
  readonly reason: string
  readonly action?: ReactNode
}

/** Shows that nothing is there. */
export function EmptyState({ title, reason, action }: EmptyStateProps) {
  return (
    <div className={styles.empty}>
      <p className={styles.title}>{title}</p>
      <p>{reason}</p>
      {action === undefined ? null : <div className={styles.action}>{action}</div>}
    </div>
  )
}
