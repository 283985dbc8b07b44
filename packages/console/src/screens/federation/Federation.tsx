// Federated learning: the federations, and one of them with its sites, rounds and feed.
import { useSearch } from '@tanstack/react-router'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { Page } from '../../components/Page.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Federation.module.css'
import { FederationHead } from './FederationHead.tsx'
import { FederationList } from './FederationList.tsx'
import { FeedList } from './FeedList.tsx'
import { useFederation, useFederations, useRounds } from './federation-queries.ts'
import { RoundTable } from './RoundTable.tsx'
import { SiteTable } from './SiteTable.tsx'
import { federationText } from './text.ts'

function One({ id }: { readonly id: string }) {
  const asked = useFederation(id)
  const rounds = useRounds(id)
  const again = (): void => void asked.refetch()
  if (asked.data === undefined && asked.isError) return <FailurePanel error={asked.error} onRetry={again} />
  return (
    <>
      {asked.data === undefined ? null : <FederationHead federation={asked.data} />}
      <div className={styles.columns}>
        <div className={styles.column}>
          <SiteTable asked={asked} rounds={rounds.data ?? []} />
          <RoundTable asked={rounds} metric={asked.data?.plan.metric ?? 'loss'} />
        </div>
        <FeedList id={id} isRunning={asked.data?.state === 'running'} />
      </div>
    </>
  )
}

function Chosen({ id }: { readonly id: string | undefined }) {
  const text = useText(federationText)
  const federations = useFederations()
  if (id !== undefined) return <One id={id} key={id} />
  return federations.data === undefined || federations.data.length === 0 ? null : <p className="quiet">{text.choose}</p>
}

/** The screen. */
export function Federation() {
  const text = useText(federationText)
  const { federation } = useSearch({ from: '/signed-in/federations' })
  return (
    <Page about={text.about} title={text.title}>
      <FederationList />
      <Chosen id={federation} />
    </Page>
  )
}
