// How a request or a step ended: words first, colour besides.
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Traces.module.css'
import { tracesText } from './text.ts'

/** The mark. */
export function TraceOutcome({ failure }: { readonly failure: string | undefined }) {
  const text = useText(tracesText)
  return (
    <span className={styles.outcome} data-failed={failure !== undefined || undefined}>
      {failure === undefined ? text.fine : fill(text.failedWith, { reason: failure })}
    </span>
  )
}
