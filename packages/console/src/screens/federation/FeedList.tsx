// What happened, newest first, as it happens.
import type { FederationEvent } from '../../api/federations.ts'
import { secondText } from '../../clinical/dates.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { Section } from '../../components/Section.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Federation.module.css'
import { useFeed, useLiveFeed } from './federation-queries.ts'
import { eventWords } from './federation-view.ts'
import { federationText } from './text.ts'

const shown = 200

function Line({ event }: { readonly event: FederationEvent }) {
  const text = useText(federationText)
  return (
    <li className={styles.event} data-kind={event.kind}>
      <time dateTime={event.at}>{secondText(event.at) ?? ''}</time>
      <span>{eventWords(event, text)}</span>
    </li>
  )
}

/** The feed. */
export function FeedList({ id, isRunning }: { readonly id: string; readonly isRunning: boolean }) {
  const text = useText(federationText)
  const asked = useFeed(id)
  const line = useLiveFeed(id, isRunning, asked.isSuccess)
  return (
    <Section
      aside={line === 'off' ? null : <span role="status">{line === 'live' ? text.live : text.liveLost}</span>}
      asked={asked}
      empty={<EmptyState reason={text.feedNoneReason} title={text.feedNone} />}
      isEmpty={(events) => events.length === 0}
      loading={text.loadingFeed}
      title={text.feed}
    >
      {(events) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reached by the keyboard
        <div aria-label={text.feed} className={styles.scroll} role="log" tabIndex={0}>
          <ol className={styles.feed}>
            {events
              .slice(-shown)
              .toReversed()
              .map((event) => (
                <Line event={event} key={event.id} />
              ))}
          </ol>
        </div>
      )}
    </Section>
  )
}
