// One event beside the list: its facts, its proof, and the FHIR resource as it is stored.
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { AuditEvent } from '../../api/fhir.ts'
import { useRequest } from '../../app/session.ts'
import { shellText } from '../../app/text.ts'
import { secondText } from '../../clinical/dates.ts'
import { nameFor } from '../../clinical/names.ts'
import { DetailHead } from '../../components/DetailHead.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Audit.module.css'
import { type EventView, viewOf } from './audit-view.ts'
import { EventProof } from './EventProof.tsx'
import { eventText } from './event-text.ts'
import { interactionWords } from './interaction-words.ts'
import { OutcomeMark } from './OutcomeMark.tsx'
import { auditText } from './text.ts'

interface EventDetailProps {
  readonly id: string
  /** The event as the list has it. */
  readonly known: EventView | undefined
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  if (children === undefined || children === '') return null
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function useRoleWords(): (role: string) => string {
  const shell = useText(shellText)
  return (role) => {
    const key = `role.${role}`
    return key in shell ? shell[key as keyof typeof shell] : role
  }
}

function Facts({ event }: { readonly event: EventView }) {
  const text = useText(eventText)
  const audit = useText(auditText)
  const { language } = useLanguage()
  const roleWords = useRoleWords()
  const isNobody = event.agent === undefined || event.agent === 'Not identified'
  return (
    <dl className={styles.facts}>
      <Fact label={text.time}>{secondText(event.recorded)}</Fact>
      <Fact label={text.who}>
        {isNobody ? audit.unidentified : nameFor(language, event.agent ?? '')}{' '}
        {isNobody ? null : <code>{event.subject}</code>}
      </Fact>
      <Fact label={text.roles}>{event.roles.map(roleWords).join(', ')}</Fact>
      <Fact label={text.emergency}>{event.emergency}</Fact>
      <Fact label={text.from}>{event.address}</Fact>
      <Fact label={text.action}>{interactionWords(event.interaction, text)}</Fact>
      <Fact label={text.outcome}>
        <OutcomeMark outcome={event.outcome} /> {event.reason === undefined ? null : <code>{event.reason}</code>}
      </Fact>
      <Fact label={text.status}>{event.status}</Fact>
      <Fact label={text.patients}>{event.patients.join(', ')}</Fact>
      <Fact label={text.records}>{event.entities.join(', ')}</Fact>
      <Fact label={text.request}>{event.query === undefined ? undefined : <code>{event.query}</code>}</Fact>
      <Fact label={text.trace}>
        {event.traceId === undefined ? undefined : (
          <Link params={{ traceId: event.traceId }} to="/traces/$traceId">
            <code>{event.traceId}</code>
          </Link>
        )}
      </Fact>
      <Fact label={text.place}>{event.seq === undefined ? text.notSealed : `#${event.seq}`}</Fact>
    </dl>
  )
}

const sealingMs = 2000

/** The detail. */
export function EventDetail({ id, known }: EventDetailProps) {
  const text = useText(eventText)
  const request = useRequest()
  const asked = useQuery({
    queryKey: ['audit', 'event', id],
    queryFn: ({ signal }) => request<AuditEvent>(`/audit/events/${encodeURIComponent(id)}`, { signal }),
    // An event is sealed within seconds; until then its place is asked for again.
    refetchInterval: ({ state }) =>
      state.data !== undefined && viewOf(state.data).seq === undefined ? sealingMs : false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const event = asked.data === undefined ? known : viewOf(asked.data)
  return (
    <aside aria-labelledby="event" className={styles.detail}>
      <DetailHead
        close={(look) => (
          <Link
            {...look}
            aria-label={text.close}
            search={(old) => ({ ...old, event: undefined }) as { readonly patient?: string }}
            to="/audit"
          />
        )}
        id="event"
        level={3}
      >
        {fill(text.title, { id })}
      </DetailHead>
      {asked.isError ? <FailurePanel error={asked.error} isCompact onRetry={() => void asked.refetch()} /> : null}
      {event === undefined && asked.isPending ? (
        <div aria-busy="true">
          <p role="status">{text.loading}</p>
          <Skeleton h={240} />
        </div>
      ) : null}
      {event === undefined ? null : <Facts event={event} />}
      {event?.seq === undefined ? null : <EventProof seq={event.seq} />}
      {asked.data === undefined ? null : (
        <details className={styles.raw}>
          <summary>{text.raw}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a place that scrolls must be reachable by keys */}
          <pre lang="en" tabIndex={0}>
            {JSON.stringify(asked.data, undefined, 2)}
          </pre>
        </details>
      )}
    </aside>
  )
}
