// One federation at a glance: where it stands, its best round, and starting or cancelling it.
import { Button } from '@mantine/core'
import type { Federation } from '../../api/federations.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Federation.module.css'
import { useChange } from './federation-queries.ts'
import { figure } from './federation-view.ts'
import { StateMark } from './StateMark.tsx'
import { federationText } from './text.ts'

function Actions({ federation }: { readonly federation: Federation }) {
  const text = useText(federationText)
  const change = useChange(federation.id)
  const { state } = federation
  const isNew = state === 'created'
  return (
    <>
      <div className={styles.actions}>
        {isNew || state === 'failed' ? (
          <Button disabled={change.isPending} onClick={() => change.mutate('start')}>
            {isNew ? text.start : text.again}
          </Button>
        ) : null}
        {isNew || state === 'running' ? (
          <Button disabled={change.isPending} onClick={() => change.mutate('cancel')} variant="default">
            {text.cancel}
          </Button>
        ) : null}
      </div>
      {change.error === null ? null : <FailurePanel error={change.error} isCompact />}
    </>
  )
}

/** The head. */
export function FederationHead({ federation }: { readonly federation: Federation }) {
  const text = useText(federationText)
  const { language } = useLanguage()
  const { name, state, plan, bestRound, bestValue, registered, reason } = federation
  return (
    <div className={styles.head}>
      <h2 className={styles.name}>
        {name} <StateMark state={state} />
      </h2>
      <p>
        {bestRound === null || bestValue === null
          ? text.bestUnknown
          : fill(text.best, { round: bestRound, metric: plan.metric, value: figure(bestValue) })}
        {registered === null ? null : ` · ${fill(text.registered, { model: registered })}`}
      </p>
      {reason === null || language !== 'en' ? null : <p>{fill(text.hasReason, { reason })}</p>}
      <p className="quiet">{text.limits}</p>
      <Actions federation={federation} />
    </div>
  )
}
