// The rounds, newest first, with the course of the metric that decides.
import type { FederationRound } from '../../api/federations.ts'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import type { Loadable } from '../../components/Section.tsx'
import { Sparkline } from '../../components/Sparkline.tsx'
import { TableSection } from '../../components/TableSection.tsx'
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

// The round 0 is the model before any training.
const newestFirst = (rounds: readonly FederationRound[]): readonly FederationRound[] =>
  rounds
    .filter(({ number }) => number > 0)
    .toReversed()
    .slice(0, newest)

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
    <TableSection
      aside={<Course metric={metric} rounds={asked.data ?? []} />}
      asked={asked}
      columns={columns}
      loading={text.loadingRounds}
      none={text.roundsNone}
      noneReason={text.roundsNoneReason}
      rowKey={({ number }) => String(number)}
      rows={newestFirst}
      title={text.roundsTitle}
    />
  )
}
