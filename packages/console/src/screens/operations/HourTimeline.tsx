// The last hour on one line: requests and failures by minute, and the experiments above them.
import { EmptyState } from '../../components/EmptyState.tsx'
import { Section } from '../../components/Section.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Operations.module.css'
import { useExperiments, useMap } from './operations-queries.ts'
import { type Band, bandsOf, type MinuteBar, minuteBars } from './operations-view.ts'
import { operationsText } from './text.ts'

const minutes = 60
const barWidth = 12
const height = 90
const bandTop = 4
const bandHeight = 10
const floor = height - 4

interface DrawingProps {
  readonly bars: readonly MinuteBar[]
  readonly bands: readonly Band[]
}

function Drawing({ bars, bands }: DrawingProps) {
  const text = useText(operationsText)
  const most = Math.max(1, ...bars.map(({ requests }) => requests))
  const scale = (floor - bandTop - bandHeight - 6) / most
  const sum = (value: (bar: MinuteBar) => number): number => bars.reduce((all, bar) => all + value(bar), 0)
  const label = fill(text.timelineDrawn, {
    requests: sum(({ requests }) => requests),
    failed: sum(({ failed }) => failed),
    experiments: bands.length,
  })
  const xOf = (ago: number): number => (minutes - ago) * barWidth
  return (
    <svg aria-label={label} className={styles.hour} role="img" viewBox={`0 0 ${minutes * barWidth} ${height}`}>
      {bars.map(({ ago, requests, failed }) => (
        <g key={ago}>
          <rect
            className={styles.answered}
            height={requests * scale}
            width={barWidth - 2}
            x={xOf(ago + 1)}
            y={floor - requests * scale}
          />
          <rect
            className={styles.broken}
            height={failed * scale}
            width={barWidth - 2}
            x={xOf(ago + 1)}
            y={floor - failed * scale}
          />
        </g>
      ))}
      {bands.map(({ id, name, fromAgo, toAgo }) => (
        <rect
          className={styles.band}
          height={bandHeight}
          key={id}
          width={Math.max(3, xOf(toAgo) - xOf(fromAgo))}
          x={xOf(fromAgo)}
          y={bandTop}
        >
          <title>{name}</title>
        </rect>
      ))}
    </svg>
  )
}

/** The section. */
export function HourTimeline() {
  const text = useText(operationsText)
  const map = useMap()
  const experiments = useExperiments()
  const nowMs = map.dataUpdatedAt
  const bands = bandsOf(experiments.data?.experiments ?? [], nowMs)
  return (
    <Section
      aside={
        <span className={styles.legend}>
          <span data-kind="answered">{text.answered}</span>
          <span data-kind="broken">{text.failed}</span>
          <span data-kind="band">{text.experimentBand}</span>
        </span>
      }
      asked={map}
      empty={<EmptyState reason={text.timelineQuiet} title={text.none} />}
      isEmpty={({ services }) => bands.length === 0 && services.every(({ requests }) => requests === 0)}
      loading={text.loadingMap}
      title={text.timeline}
    >
      {(data) => <Drawing bands={bands} bars={minuteBars(data, nowMs)} />}
    </Section>
  )
}
