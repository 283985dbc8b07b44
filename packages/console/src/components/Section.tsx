// A part of a screen with its heading, and what is shown while it loads, when it fails, and when it is empty.
import { Skeleton } from '@mantine/core'
import { type ReactNode, useId } from 'react'
import { FailurePanel } from './FailurePanel.tsx'
import styles from './Section.module.css'

/** The parts of a query's state that a section shows. */
export interface Loadable<T> {
  readonly data: T | undefined
  readonly error: unknown
  readonly isPending: boolean
  readonly refetch: () => unknown
}

interface SectionProps<T> {
  readonly title: string
  readonly asked: Loadable<T>
  /** Said to screen readers while it loads. */
  readonly loading: string
  readonly isEmpty: (data: T) => boolean
  readonly empty: ReactNode
  readonly children: (data: T) => ReactNode
  /** Stands at the right of the heading. */
  readonly aside?: ReactNode
}

const lines = ['a', 'b', 'c']

function Content<T>({ asked, loading, isEmpty, empty, children }: Omit<SectionProps<T>, 'title' | 'aside'>) {
  if (asked.data !== undefined) return isEmpty(asked.data) ? empty : children(asked.data)
  if (!asked.isPending) return <FailurePanel error={asked.error} isCompact onRetry={() => void asked.refetch()} />
  return (
    <div aria-busy="true" className={styles.waiting}>
      <span className="visually-hidden" role="status">
        {loading}
      </span>
      {lines.map((line) => (
        <Skeleton h={18} key={line} />
      ))}
    </div>
  )
}

/** The section. */
export function Section<T>({ title, aside, ...content }: SectionProps<T>) {
  const id = useId()
  return (
    <section aria-labelledby={id} className={styles.section}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      <Content {...content} />
    </section>
  )
}
