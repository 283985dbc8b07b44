// The drawn timeline: a bar of years, and the rows in view under the headings of their years.
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { EventKind, TimelineRow } from '../../clinical/timeline.ts'
import { Concept } from '../../components/Concept.tsx'
import { useVirtualRows } from '../../components/use-virtual-rows.ts'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { usePatientId } from './queries.ts'
import { sectionsText } from './sections-text.ts'
import { stateWords } from './state-words.ts'
import styles from './Timeline.module.css'
import { timelineText } from './timeline-text.ts'

type YearRow = Extract<TimelineRow, { kind: 'year' }>
type EventRow = Extract<TimelineRow, { kind: 'event' }>

// What a state adds to an event; what is done and over needs no word.
const quietStates: Readonly<Record<EventKind, ReadonlySet<string>>> = {
  encounter: new Set(['finished']),
  condition: new Set(),
  medication: new Set(),
  procedure: new Set(['completed']),
  immunization: new Set(['completed']),
  allergy: new Set(),
}

const highestPx = 30

function YearBar({
  rows,
  onJump,
}: {
  readonly rows: readonly TimelineRow[]
  readonly onJump: (index: number) => void
}) {
  const text = useText(timelineText)
  const years = useMemo(
    () =>
      rows.flatMap((row, index): (YearRow & { readonly index: number })[] =>
        row.kind === 'year' ? [{ ...row, index }] : [],
      ),
    [rows],
  )
  const most = Math.max(...years.map(({ count }) => count))
  return (
    <nav aria-label={text.years} className={styles.years}>
      {years.map(({ year, count, index }) => (
        <button
          aria-label={fill(text.toYear, { year, count })}
          className={styles.year}
          key={year}
          onClick={() => onJump(index)}
          title={fill(text.toYear, { year, count })}
          type="button"
        >
          <span className={styles.bar} style={{ height: Math.max(2, (count / most) * highestPx) }} />
          {year}
        </button>
      ))}
    </nav>
  )
}

// An encounter opens where its measurements and orders are.
function What({ event: { kind, id, concept } }: { readonly event: EventRow['event'] }) {
  const patientId = usePatientId()
  if (kind !== 'encounter') return <Concept concept={concept} />
  return (
    <Link
      params={{ patientId }}
      search={{ encounter: id.slice('Encounter/'.length) }}
      to="/patients/$patientId/encounters"
    >
      <Concept concept={concept} />
    </Link>
  )
}

function Event({ row: { event, isFirstOfDay } }: { readonly row: EventRow }) {
  const text = useText(sectionsText)
  const isQuiet = event.status === undefined || quietStates[event.kind].has(event.status)
  return (
    <>
      <span className={styles.day} data-repeated={!isFirstOfDay || undefined}>
        {event.day}
      </span>
      <span className={styles.kind} data-kind={event.kind}>
        {text[`kind.${event.kind}`]}
      </span>
      <span className={styles.what}>
        <What event={event} />
        {event.detail === undefined ? null : (
          <span className={styles.quiet}>
            {' · '}
            <Concept concept={event.detail} />
          </span>
        )}
      </span>
      <span className={styles.state}>{isQuiet ? '' : stateWords(event.status, text)}</span>
    </>
  )
}

/** The list. */
export function TimelineList({ rows }: { readonly rows: readonly TimelineRow[] }) {
  const text = useText(timelineText)
  const { body, virtual, items, topPx } = useVirtualRows<HTMLOListElement>(rows.length, {
    isHeading: (index) => rows[index]?.kind === 'year',
  })
  return (
    <>
      <YearBar onJump={(index) => virtual.scrollToIndex(index, { align: 'start' })} rows={rows} />
      <ol aria-label={text.title} className={styles.rows} ref={body} style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start, size }) => {
          const row = rows[index]
          if (row === undefined) return null
          const style = { height: size, transform: `translateY(${start - topPx}px)` }
          return row.kind === 'year' ? (
            <li className={styles.yearRow} key={row.year} style={style}>
              <h2>{row.year}</h2>
              <span className={styles.quiet}>{fill(text.count, { count: row.count })}</span>
            </li>
          ) : (
            <li className={styles.event} key={row.event.id} style={style}>
              <Event row={row} />
            </li>
          )
        })}
      </ol>
    </>
  )
}
