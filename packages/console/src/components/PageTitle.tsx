// The heading of a screen: names the browser's tab (never with a patient's name) and takes the focus after a navigation.
import { type ReactNode, useEffect, useRef } from 'react'

interface PageTitleProps {
  /** Text of the browser's tab. */
  readonly tab: string
  readonly children: ReactNode
  readonly className?: string | undefined
}

/** The one h1 of a screen. */
export function PageTitle({ tab, children, className }: PageTitleProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${tab} · Xinglin 杏林`
  }, [tab])
  useEffect(() => {
    // After a navigation the reader goes on here; at the first load nothing has the focus and nothing is taken.
    const isFirst = document.activeElement === document.body && window.history.state?.__TSR_index === 0
    if (!isFirst) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <h1 className={className} ref={heading} tabIndex={-1}>
      {children}
    </h1>
  )
}
