// The state of the chain at a glance, and its verification.
import { Button, Skeleton } from '@mantine/core'
import type { TrailState } from '../../api/audit.ts'
import { secondText } from '../../clinical/dates.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { Icon } from '../../components/Icon.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './ChainState.module.css'
import { auditText } from './text.ts'
import { useTrailState, useVerification } from './trail-queries.ts'
import { VerificationPanel } from './VerificationPanel.tsx'

const grouped = new Intl.NumberFormat('en')

function Hash({ hex }: { readonly hex: string }) {
  return (
    <code className={styles.hash} title={hex}>
      {hex}
    </code>
  )
}

function Facts({ state }: { readonly state: TrailState }) {
  const text = useText(auditText)
  const { checkpoint, unsealed } = state
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{text.size}</dt>
        <dd className={styles.number}>{grouped.format(state.size)}</dd>
      </div>
      <div>
        <dt>{text.unsealed}</dt>
        <dd>
          {unsealed.count === 0
            ? text.unsealedNone
            : fill(text.unsealedSome, { count: unsealed.count, time: secondText(unsealed.oldest) ?? '–' })}
        </dd>
      </div>
      <div>
        <dt>{text.checkpoint}</dt>
        <dd>
          {checkpoint === undefined
            ? text.checkpointNone
            : fill(text.checkpointSome, {
                number: checkpoint.number,
                size: grouped.format(checkpoint.size),
                time: secondText(checkpoint.at) ?? '–',
              })}
        </dd>
      </div>
      <div>
        <dt>{text.root}</dt>
        <dd>
          <Hash hex={state.root} />
        </dd>
      </div>
      <div>
        <dt>{text.chain}</dt>
        <dd>
          <Hash hex={state.chain} />
        </dd>
      </div>
    </dl>
  )
}

function Known({ state, onAgain }: { readonly state: TrailState; readonly onAgain: () => void }) {
  const text = useText(auditText)
  const { verification, start, isStarting, error } = useVerification(state.verification)
  const isRunning = isStarting || verification?.state === 'running'
  return (
    <>
      <div className={styles.head}>
        <h2 id="chain">{text.state}</h2>
        <div className={styles.actions}>
          <Button onClick={onAgain} variant="default">
            {text.again}
          </Button>
          <Button disabled={isRunning} onClick={start}>
            {text.verify}
          </Button>
        </div>
      </div>
      {state.isRolledBack ? (
        <p className={styles.alarm} role="alert">
          <Icon name="warning" /> <strong>{text.rolledBack}</strong> {text.rolledBackReason}
        </p>
      ) : null}
      {error === null ? (
        <VerificationPanel verification={verification} />
      ) : (
        <FailurePanel error={error} isCompact onRetry={start} />
      )}
      <Facts state={state} />
    </>
  )
}

/** The panel. */
export function ChainState() {
  const text = useText(auditText)
  const asked = useTrailState()
  const again = (): void => void asked.refetch()
  if (asked.data === undefined && asked.isError) return <FailurePanel error={asked.error} onRetry={again} />
  return (
    <section aria-busy={asked.isFetching} aria-label={text.state} className={styles.panel}>
      {asked.data === undefined ? (
        <>
          <span className="visually-hidden" role="status">
            {text.loading}
          </span>
          <Skeleton h={32} />
          <Skeleton h={96} />
        </>
      ) : (
        <Known onAgain={again} state={asked.data} />
      )}
    </section>
  )
}
