// The tests of a patient with their latest values; each leads to its course.
import { Link } from '@tanstack/react-router'
import { dayText } from '../../clinical/dates.ts'
import { type ObservedTest, observedAt, trendOf } from '../../clinical/trends.ts'
import { Concept } from '../../components/Concept.tsx'
import { Sparkline } from '../../components/Sparkline.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { usePatientId } from './queries.ts'
import styles from './Results.module.css'
import { resultsText } from './results-text.ts'
import { Value } from './Value.tsx'

function Test({ test, isChosen }: { readonly test: ObservedTest; readonly isChosen: boolean }) {
  const patientId = usePatientId()
  const [latest] = test.observations
  const [line] = trendOf(test)
  return (
    <li className={styles.test} data-chosen={isChosen || undefined}>
      <Link
        aria-current={isChosen ? 'true' : undefined}
        className={styles.testName}
        params={{ patientId }}
        replace
        resetScroll={false}
        search={{ code: test.code }}
        to="/patients/$patientId/results"
      >
        <Concept concept={test.concept} />
      </Link>
      <span className={styles.testValue}>{latest === undefined ? '–' : <Value observation={latest} />}</span>
      <span className={styles.course}>
        {line === undefined ? null : <Sparkline points={line.points} range={line.range} />}
      </span>
      <span className="quiet">{latest === undefined ? '–' : dayText(observedAt(latest))}</span>
    </li>
  )
}

/** The list. */
export function TestList({
  tests,
  chosen,
}: {
  readonly tests: readonly ObservedTest[]
  readonly chosen: string | undefined
}) {
  const text = useText(resultsText)
  return (
    <ul aria-label={text.tests} className={styles.tests}>
      {tests.map((test) => (
        <Test isChosen={test.code === chosen} key={test.code} test={test} />
      ))}
    </ul>
  )
}
