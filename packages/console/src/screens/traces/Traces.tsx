// Traces: which requests came lately, how long they took, and which failed.
import { Button, Skeleton } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { TracePage } from '../../api/traces.ts'
import { useRequest } from '../../app/session.ts'
import { EmptyList } from '../../components/EmptyList.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { Page } from '../../components/Page.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { TraceFilterBar } from './TraceFilterBar.tsx'
import styles from './Traces.module.css'
import { TraceTable } from './TraceTable.tsx'
import { tracesText } from './text.ts'
import { isNarrowed, type TraceFilters, tracesPath } from './traces-search.ts'

function useTraces(filters: TraceFilters) {
  const request = useRequest()
  return useInfiniteQuery({
    queryKey: ['traces', tracesPath(filters)],
    queryFn: ({ pageParam, signal }) => request<TracePage>(tracesPath(filters, pageParam), { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
}

function Nothing({ isNarrow, onAgain }: { readonly isNarrow: boolean; readonly onAgain: () => void }) {
  const text = useText(tracesText)
  const navigate = useNavigate()
  const clear = (): void => void navigate({ to: '/traces', search: {}, replace: true })
  return <EmptyList againLabel={text.again} isNarrow={isNarrow} onAgain={onAgain} onClear={clear} text={text} />
}

function List({ filters, pages }: { readonly filters: TraceFilters; readonly pages: ReturnType<typeof useTraces> }) {
  const text = useText(tracesText)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const traces = pages.data?.pages.flatMap((page) => page.traces) ?? []
  const again = (): void => void pages.refetch()
  if (traces.length === 0 && pages.isError) return <FailurePanel error={pages.error} onRetry={again} />
  if (pages.isPending) {
    return (
      <div aria-busy="true">
        <p className="quiet" role="status">
          {text.loading}
        </p>
        <Skeleton h={320} />
      </div>
    )
  }
  if (traces.length === 0) return <Nothing isNarrow={isNarrowed(filters)} onAgain={again} />
  return (
    <>
      <div className={styles.bar}>
        <p className="quiet" role="status">
          {isFetchingNextPage ? text.loadingMore : fill(text.shown, { count: traces.length })}
        </p>
        <Button onClick={again} size="compact-sm" variant="default">
          {text.again}
        </Button>
      </div>
      <div data-stale={pages.isPlaceholderData || undefined}>
        <TraceTable onEnd={loadMore} traces={traces} />
      </div>
      {pages.isFetchNextPageError ? (
        <FailurePanel error={pages.error} isCompact onRetry={() => void fetchNextPage()} />
      ) : null}
    </>
  )
}

/** The screen. */
export function Traces() {
  const text = useText(tracesText)
  const filters = useSearch({ from: '/signed-in/traces' })
  const pages = useTraces(filters)
  return (
    <Page about={text.about} title={text.title}>
      {pages.isError && pages.data === undefined ? null : <TraceFilterBar filters={filters} />}
      <List filters={filters} pages={pages} />
    </Page>
  )
}
