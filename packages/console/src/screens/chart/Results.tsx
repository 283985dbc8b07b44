// Every test that was measured, and the course of the one that is chosen.
import { Button, Skeleton, TextInput } from '@mantine/core'
import { Link, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'
import { wordsOf } from '../../clinical/concepts.ts'
import { dayText } from '../../clinical/dates.ts'
import { type ObservedTest, observedAt, testsOf } from '../../clinical/trends.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { Icon } from '../../components/Icon.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import chartStyles from './Chart.module.css'
import { useObservationPages, usePatientId } from './queries.ts'
import styles from './Results.module.css'
import { resultsText } from './results-text.ts'
import { TestList } from './TestList.tsx'

const TestDetail = lazy(() => import('./TestDetail.tsx').then((module) => ({ default: module.TestDetail })))

function useTests() {
  const pages = useObservationPages(usePatientId())
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data])
  const tests = useMemo(() => testsOf(rows), [rows])
  return { pages, rows, tests }
}

function Reach({ pages, rows }: Omit<ReturnType<typeof useTests>, 'tests'>) {
  const text = useText(resultsText)
  const oldest = rows.at(-1)
  const day = oldest === undefined ? undefined : dayText(observedAt(oldest))
  return (
    <div className={styles.reach}>
      <p role="status">
        {pages.hasNextPage
          ? fill(text.reach, { count: rows.length, day: day ?? '–' })
          : fill(text.reachAll, { count: rows.length })}
      </p>
      {pages.hasNextPage ? (
        <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()} variant="default">
          {pages.isFetchingNextPage ? text.loadingOlder : text.older}
        </Button>
      ) : null}
    </div>
  )
}

function useFitting(tests: readonly ObservedTest[], typed: string): readonly ObservedTest[] {
  const { language } = useLanguage()
  return useMemo(() => {
    const wanted = typed.trim().toLowerCase()
    const names = ({ concept }: ObservedTest): string =>
      `${wordsOf(concept, language)?.text} ${wordsOf(concept, 'en')?.text} ${concept.text ?? ''}`.toLowerCase()
    return wanted === '' ? tests : tests.filter((test) => names(test).includes(wanted))
  }, [tests, typed, language])
}

function Chosen({ tests }: { readonly tests: readonly ObservedTest[] }) {
  const text = useText(resultsText)
  const { language } = useLanguage()
  const patientId = usePatientId()
  const { code } = useSearch({ from: '/signed-in/patients/$patientId/results' })
  const [first] = tests
  if (code !== undefined) {
    return (
      <Suspense fallback={<Skeleton h={420} />}>
        <TestDetail code={code} concept={tests.find((test) => test.code === code)?.concept} key={code} />
      </Suspense>
    )
  }
  if (first === undefined) return null
  return (
    <div className={styles.invitation}>
      <EmptyState
        action={
          <Link params={{ patientId }} replace search={{ code: first.code }} to="/patients/$patientId/results">
            {fill(text.chooseAction, { test: wordsOf(first.concept, language)?.text ?? first.code })}
          </Link>
        }
        reason={text.chooseReason}
        title={text.choose}
      />
    </div>
  )
}

/** The section. */
export function Results() {
  const text = useText(resultsText)
  const patientId = usePatientId()
  const { code } = useSearch({ from: '/signed-in/patients/$patientId/results' })
  const { pages, rows, tests } = useTests()
  const [typed, setTyped] = useState('')
  const fitting = useFitting(tests, typed)
  if (pages.isPending) {
    return (
      <div aria-busy="true" className={chartStyles.sections}>
        <p role="status">{text.loading}</p>
        <Skeleton h={320} />
      </div>
    )
  }
  if (rows.length === 0 && pages.isError)
    return <FailurePanel error={pages.error} onRetry={() => void pages.refetch()} />
  if (tests.length === 0) {
    return (
      <EmptyState
        action={
          <Link params={{ patientId }} to="/patients/$patientId">
            {text.summary}
          </Link>
        }
        reason={text.noneReason}
        title={text.none}
      />
    )
  }
  return (
    <div className={styles.results} data-open={code !== undefined || undefined}>
      <section aria-label={text.tests} className={styles.list}>
        <TextInput
          autoComplete="off"
          label={text.find}
          leftSection={<Icon name="search" />}
          maxLength={80}
          onChange={(event) => setTyped(event.currentTarget.value)}
          value={typed}
        />
        {fitting.length === 0 ? (
          <EmptyState
            action={
              <Button onClick={() => setTyped('')} variant="default">
                {text.noMatchAction}
              </Button>
            }
            reason={text.noMatchReason}
            title={text.noMatch}
          />
        ) : (
          <TestList chosen={code} tests={fitting} />
        )}
        <Reach pages={pages} rows={rows} />
        {pages.isFetchNextPageError ? (
          <FailurePanel error={pages.error} isCompact onRetry={() => void pages.fetchNextPage()} />
        ) : null}
      </section>
      <Chosen tests={tests} />
    </div>
  )
}
