// The patient list: search and filters kept in the address, pages loaded as one scrolls.
import { Skeleton } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { Failure } from '../../api/failure.ts'
import type { Bundle, Patient } from '../../api/fhir.ts'
import { fetchPage } from '../../api/search.ts'
import { useRequest } from '../../app/session.ts'
import { dayOfClock } from '../../clinical/age.ts'
import { EmptyList } from '../../components/EmptyList.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { PageTitle } from '../../components/PageTitle.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { PatientFilterBar } from './PatientFilterBar.tsx'
import styles from './Patients.module.css'
import { PatientTable } from './PatientTable.tsx'
import { isNarrowed, type PatientFilters, patientCountPath, patientPath } from './patient-search.ts'
import { patientsText } from './text.ts'

function usePatients(filters: PatientFilters) {
  const request = useRequest()
  const today = dayOfClock(new Date())
  const first = patientPath(filters, today)
  const pages = useInfiniteQuery({
    queryKey: ['patients', first],
    queryFn: ({ pageParam, signal }) => fetchPage<Patient>(request, pageParam, signal),
    initialPageParam: first,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  })
  const countPath = patientCountPath(filters, today)
  const count = useQuery({
    queryKey: ['patient-count', countPath],
    queryFn: async ({ signal }) => (await request<Bundle<Patient>>(countPath, { signal })).total ?? null,
    placeholderData: keepPreviousData,
    enabled: pages.isSuccess,
  })
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data])
  return { pages, rows, total: count.data ?? undefined }
}

function Loading() {
  const text = useText(patientsText)
  return (
    <div aria-busy="true" className={styles.loading}>
      <span className="visually-hidden" role="status">
        {text.loading}
      </span>
      {Array.from({ length: 14 }, (_, index) => `row ${index}`).map((key) => (
        <Skeleton h={20} key={key} />
      ))}
    </div>
  )
}

function Nothing({ filters, onAgain }: { readonly filters: PatientFilters; readonly onAgain: () => void }) {
  const text = useText(patientsText)
  const navigate = useNavigate()
  const clear = (): void => void navigate({ to: '/patients', search: {} })
  const isNarrow = isNarrowed(filters)
  return (
    <div className={styles.nothing}>
      <EmptyList againLabel={text.emptyAction} isNarrow={isNarrow} onAgain={onAgain} onClear={clear} text={text} />
    </div>
  )
}

function countWords(
  text: Readonly<Record<'count' | 'countAll' | 'countOpen', string>>,
  shown: number,
  total: number | undefined,
) {
  if (total === undefined) return fill(text.countOpen, { shown })
  return shown >= total ? fill(text.countAll, { total }) : fill(text.count, { shown, total })
}

/** The screen. */
export function Patients() {
  const text = useText(patientsText)
  const filters = useSearch({ from: '/signed-in/patients' })
  const { pages, rows, total } = usePatients(filters)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <PageTitle tab={text.title}>{text.title}</PageTitle>
        <p className={styles.count} role="status">
          {pages.isPending || pages.isError
            ? ''
            : isFetchingNextPage
              ? text.loadingMore
              : countWords(text, rows.length, total)}
        </p>
      </div>
      {pages.error instanceof Failure && pages.error.kind === 'forbidden' ? null : (
        <PatientFilterBar filters={filters} />
      )}
      {pages.isError && rows.length === 0 ? (
        <FailurePanel error={pages.error} onRetry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Loading />
      ) : rows.length === 0 ? (
        <Nothing filters={filters} onAgain={() => void pages.refetch()} />
      ) : (
        <PatientTable isStale={pages.isPlaceholderData} onEnd={loadMore} rows={rows} total={total} />
      )}
      {pages.isFetchNextPageError ? (
        <FailurePanel error={pages.error} isCompact onRetry={() => void fetchNextPage()} />
      ) : null}
    </div>
  )
}
