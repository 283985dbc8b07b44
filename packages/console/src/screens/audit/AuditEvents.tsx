// The events of the trail: filters kept in the address, pages loaded as one scrolls, one event opened beside the list.
import { Skeleton } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { AuditEvent } from '../../api/fhir.ts'
import { fetchPage } from '../../api/search.ts'
import { useRequest } from '../../app/session.ts'
import { EmptyList } from '../../components/EmptyList.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Audit.module.css'
import { AuditFilterBar } from './AuditFilterBar.tsx'
import { AuditTable } from './AuditTable.tsx'
import { type AuditFilters, auditPath, isAuditNarrowed } from './audit-search.ts'
import { type EventView, viewOf } from './audit-view.ts'
import { EventDetail } from './EventDetail.tsx'
import { auditText } from './text.ts'

function useEvents(filters: AuditFilters) {
  const request = useRequest()
  const first = auditPath(filters)
  const pages = useInfiniteQuery({
    queryKey: ['audit', 'events', first],
    queryFn: ({ pageParam, signal }) => fetchPage<AuditEvent>(request, pageParam, signal),
    initialPageParam: first,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
  const events = useMemo(() => pages.data?.pages.flatMap((page) => page.rows.map(viewOf)) ?? [], [pages.data])
  return { pages, events }
}

function Nothing({ isNarrow, onAgain }: { readonly isNarrow: boolean; readonly onAgain: () => void }) {
  const text = useText(auditText)
  const navigate = useNavigate()
  const clear = (): void => void navigate({ to: '/audit', search: {}, replace: true })
  return <EmptyList againLabel={text.again} isNarrow={isNarrow} onAgain={onAgain} onClear={clear} text={text} />
}

function List({ filters, events, pages }: ReturnType<typeof useEvents> & { readonly filters: AuditFilters }) {
  const text = useText(auditText)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const again = (): void => void pages.refetch()
  if (events.length === 0 && pages.isError) return <FailurePanel error={pages.error} onRetry={again} />
  if (pages.isPending) {
    return (
      <div aria-busy="true">
        <p className="quiet" role="status">
          {text.eventsLoading}
        </p>
        <Skeleton h={320} />
      </div>
    )
  }
  if (events.length === 0) return <Nothing isNarrow={isAuditNarrowed(filters)} onAgain={again} />
  return (
    <div className={styles.list} data-stale={pages.isPlaceholderData || undefined}>
      <AuditTable chosen={filters.event} events={events} isNarrow={filters.event !== undefined} onEnd={loadMore} />
      {pages.isFetchNextPageError ? (
        <FailurePanel error={pages.error} isCompact onRetry={() => void fetchNextPage()} />
      ) : null}
    </div>
  )
}

function opened(events: readonly EventView[], id: string | undefined): EventView | undefined {
  return events.find((event) => event.id === id)
}

/** The list with its filters and the event that is opened. */
export function AuditEvents() {
  const text = useText(auditText)
  const filters = useSearch({ from: '/signed-in/audit' })
  const { pages, events } = useEvents(filters)
  return (
    <section aria-labelledby="events" className={styles.events}>
      <div className={styles.head}>
        <h2 id="events">{text.events}</h2>
        <p className="quiet" role="status">
          {pages.isPending || events.length === 0
            ? ''
            : pages.isFetchingNextPage
              ? text.loadingMore
              : fill(text.shown, { count: events.length })}
        </p>
      </div>
      <AuditFilterBar filters={filters} />
      <div className={styles.split} data-open={filters.event !== undefined || undefined}>
        {filters.event === undefined ? null : (
          <EventDetail id={filters.event} key={filters.event} known={opened(events, filters.event)} />
        )}
        <List events={events} filters={filters} pages={pages} />
      </div>
    </section>
  )
}
