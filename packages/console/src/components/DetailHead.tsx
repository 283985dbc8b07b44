// The head of a detail beside a list: its name, which takes the focus when it opens, and the way back to the list.
import { type ReactNode, useEffect, useRef } from 'react'
import styles from './DetailHead.module.css'
import { Icon } from './Icon.tsx'

/** What the link that closes a detail looks and behaves like, wherever it leads. */
export interface CloseLook {
  readonly className: string
  readonly replace: true
  readonly resetScroll: false
  readonly children: ReactNode
}

interface DetailHeadProps {
  /** Id of the heading, by which the detail is named. */
  readonly id: string
  readonly level: 2 | 3
  /** Draws the link back, with this look. */
  readonly close: (look: CloseLook) => ReactNode
  readonly children: ReactNode
}

// Where list and detail stand side by side, taking the focus must not move the page.
const sideBySidePx = 1080

/** The head. */
export function DetailHead({ id, level, close, children }: DetailHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: window.innerWidth >= sideBySidePx }), [])
  const Heading = `h${level}` as const
  return (
    <div className={styles.head}>
      <Heading className={styles.title} id={id} ref={heading} tabIndex={-1}>
        {children}
      </Heading>
      {close({ className: styles.close ?? '', replace: true, resetScroll: false, children: <Icon name="close" /> })}
    </div>
  )
}
