// Says what did not work, that data is safe, what to do, and the trace id to give to the operator.
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Failure } from '../api/failure.ts'
import type { Session } from '../api/session.ts'
import { screensFor } from '../app/navigation.ts'
import { sessionKey } from '../app/session.ts'
import { fill } from '../language/fill.ts'
import { useLanguage, useText } from '../language/LanguageProvider.tsx'
import styles from './FailurePanel.module.css'
import { failureText } from './failure-text.ts'
import { Icon } from './Icon.tsx'

interface FailurePanelProps {
  readonly error: unknown
  /** Asks again; left out where asking again cannot help. */
  readonly onRetry?: () => void
  /** One line instead of a panel, inside a section of a screen. */
  readonly isCompact?: boolean
}

// Whoever may look at traces follows the request from here; everybody else has the id for those who may.
function TraceId({ traceId }: { readonly traceId: string }) {
  const session = useQueryClient().getQueryData<Session | null>(sessionKey)
  const roles = session?.caller.roles ?? []
  if (roles.length === 0 || !screensFor(roles).includes('traces')) return <code>{traceId}</code>
  return (
    <Link params={{ traceId }} to="/traces/$traceId">
      <code>{traceId}</code>
    </Link>
  )
}

function Technical({ failure }: { readonly failure: Failure }) {
  const { language } = useLanguage()
  const text = useText(failureText)
  // The server's words are English; on a Chinese screen the kind, the status and the trace id must do.
  const words = language === 'en' ? failure.diagnostics : undefined
  return (
    <details className={styles.technical}>
      <summary>{text.technical}</summary>
      <p>
        {text.trace} <TraceId traceId={failure.traceId} />
        {failure.status === undefined ? '' : ` · HTTP ${failure.status}`}
      </p>
      {words === undefined ? null : <p>{words}</p>}
    </details>
  )
}

/** Shows a failure. */
export function FailurePanel({ error, onRetry, isCompact = false }: FailurePanelProps) {
  const text = useText(failureText)
  const failure = error instanceof Failure ? error : undefined
  const kind = failure?.kind ?? 'bug'
  const isRefusal = kind === 'forbidden' || kind === 'not-found' || kind === 'deleted'
  const seconds = failure?.retryAfterSeconds
  return (
    <div
      className={styles.panel}
      data-compact={isCompact || undefined}
      data-refusal={isRefusal || undefined}
      role="alert"
    >
      <Icon name={isRefusal ? 'shield' : 'warning'} sizePx={isCompact ? 18 : 24} />
      <div className={styles.words}>
        <p className={styles.title}>{text[`${kind}.title`]}</p>
        <p>
          {text[`${kind}.advice`]} {seconds === undefined ? '' : fill(text.wait, { seconds })}{' '}
          {isRefusal ? '' : text.safe}
        </p>
        {isRefusal && !isCompact ? <Link to="/">{text.home}</Link> : null}
        {onRetry === undefined || isRefusal ? null : (
          <Button className={styles.retry} onClick={onRetry} variant="default">
            {text.retry}
          </Button>
        )}
        {failure === undefined ? null : <Technical failure={failure} />}
      </div>
    </div>
  )
}
