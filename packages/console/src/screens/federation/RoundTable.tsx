// The rounds, newest first, with the course of the metric that decides.
import type { FederationRound } from '../../api/federations.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { type Loadable, Section } from '../../components/Section.tsx'
import { Sparkline } from '../../components/Sparkline.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Federation.module.css'
import { courseOf, droppedFrom, figure } from './federation-view.ts'
import { federationText } from './text.ts'

interface RoundTableProps {
  readonly asked: Loadable<readonly FederationRound[]>
  readonly metric: string
}

const newest = 50

function Course({ rounds, metric }: { readonly rounds: readonly FederationRound[]; readonly metric: string }) {
  const text = useText(federationText)
  const course = courseOf(rounds, metric)
  const [first, last] = [course[0], course.at(-1)]
  if (first === undefined || last === undefined || course.length < 2) return null
  const points = course.map(({ round, value }) => ({ timeMs: round, value, flag: undefined }))
  return (
    <span className={styles.course}>
      <Sparkline points={points} range={undefined} />
      {fill(text.course, {
        ...{ metric, first: first.round, last: last.round },
        ...{ from: figure(first.value), to: figure(last.value) },
      })}
    </span>
  )
}

/** The table. */
export function RoundTable({ asked, metric }: RoundTableProps) {
  const text = useText(federationText)
  const columns: readonly PlainColumn<FederationRound>[] = [
    { key: 'round', label: text.round, cell: ({ number }) => number },
    {
      key: 'returned',
      label: text.returned,
      isNumber: true,
      cell: (row) => fill(text.returnedOf, { returned: row.returned, asked: row.asked }),
    },
    ...(metric === 'loss'
      ? []
      : [
          {
            key: 'metric',
            label: metric,
            isNumber: true,
            cell: (row: FederationRound) => figure(row.metrics?.[metric]),
          },
        ]),
    { key: 'loss', label: text.loss, isNumber: true, cell: ({ loss }) => figure(loss) },
    { key: 'dropped', label: text.dropped, cell: (row) => droppedFrom(row).join(', ') || text.noneDropped },
  ]
  return (
    <Section
      aside={<Course metric={metric} rounds={asked.data ?? []} />}
      asked={asked}
      empty={<EmptyState reason={text.roundsNoneReason} title={text.roundsNone} />}
      isEmpty={(rounds) => rounds.every(({ number }) => number === 0)}
      loading={text.loadingRounds}
      title={text.roundsTitle}
    >
      {(rounds) => (
        <PlainTable
          columns={columns}
          label={text.roundsTitle}
          rowKey={({ number }) => String(number)}
          rows={rounds
            .filter(({ number }) => number > 0)
            .toReversed()
            .slice(0, newest)}
        />
      )}
    </Section>
  )
}
