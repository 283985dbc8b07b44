// The map: a drawing of who calls whom, and a table that says the same with replicas, health, success and latency.
import type { HouseMap, MappedService } from '../../api/chaos.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { Section } from '../../components/Section.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Operations.module.css'
import { useMap } from './operations-queries.ts'
import { calledBy, drawing, percentText, placesOf, successGoal } from './operations-view.ts'
import { operationsText } from './text.ts'

function Drawing({ map }: { readonly map: HouseMap }) {
  const text = useText(operationsText)
  const places = placesOf(map.services)
  const at = new Map(places.map((place) => [place.name, place]))
  const lines = map.calls.flatMap(({ from, to }) => {
    const [start, end] = [at.get(from), at.get(to)]
    return start === undefined || end === undefined ? [] : [{ key: `${from} ${to}`, start, end }]
  })
  const height = Math.max(...places.map(({ y }) => y), 0) + drawing.boxHeight + 4
  const label = fill(text.mapDrawn, { calls: lines.length, services: places.length })
  const middle = drawing.boxWidth / 2
  return (
    <svg aria-label={label} className={styles.map} role="img" viewBox={`0 0 ${drawing.width} ${height}`}>
      {lines.map(({ key, start, end }) => (
        <line
          key={key}
          x1={start.x + middle}
          x2={end.x + middle}
          y1={start.y + drawing.boxHeight}
          y2={end.y + (end.y > start.y ? 0 : drawing.boxHeight)}
        />
      ))}
      {places.map(({ name, x, y, isWell }) => (
        <g data-well={isWell} key={name}>
          <rect height={drawing.boxHeight} rx="5" width={drawing.boxWidth} x={x} y={y} />
          <text textAnchor="middle" x={x + middle} y={y + drawing.boxHeight / 2 + 5}>
            {name}
          </text>
        </g>
      ))}
    </svg>
  )
}

function Health({ service }: { readonly service: MappedService }) {
  const text = useText(operationsText)
  const isReady = service.reasons.length === 0
  return (
    <span
      className={styles.state}
      data-state={isReady ? 'held' : 'failed'}
      title={isReady ? undefined : text.hasReason}
    >
      {isReady ? text.ready : text.unready}
    </span>
  )
}

function Success({ share }: { readonly share: number | null }) {
  const text = useText(operationsText)
  if (share === null) return <span className="quiet">{text.notMeasured}</span>
  const isMet = share >= successGoal
  return (
    <>
      {percentText(share)}{' '}
      <span className={styles.state} data-state={isMet ? 'held' : 'failed'}>
        {isMet ? text.met : text.missed}
      </span>
    </>
  )
}

/** The section. */
export function ServiceMap() {
  const text = useText(operationsText)
  const asked = useMap()
  const within = (ms: number | null): string => (ms === null ? '–' : fill(text.milliseconds, { ms }))
  const columns: readonly PlainColumn<MappedService>[] = [
    { key: 'service', label: text.service, cell: ({ name }) => <code>{name}</code> },
    { key: 'health', label: text.health, cell: (service) => <Health service={service} /> },
    { key: 'replicas', label: text.replicas, isNumber: true, cell: ({ replicas }) => replicas },
    { key: 'requests', label: text.requests, isNumber: true, cell: ({ requests }) => requests },
    {
      key: 'success',
      label: `${text.success} (${fill(text.goal, { goal: percentText(successGoal) })})`,
      cell: ({ success }) => <Success share={success} />,
    },
    { key: 'p50', label: text.p50, isNumber: true, cell: ({ p50Ms }) => within(p50Ms) },
    { key: 'p99', label: text.p99, isNumber: true, cell: ({ p99Ms }) => within(p99Ms) },
    {
      key: 'calls',
      label: text.callsTo,
      cell: ({ name }) => {
        const names = asked.data === undefined ? [] : calledBy(name, asked.data)
        return names.length === 0 ? text.none : <code lang="en">{names.join(', ')}</code>
      },
    },
  ]
  return (
    <Section
      asked={asked}
      empty={<EmptyState reason={text.noServicesReason} title={text.noServices} />}
      isEmpty={({ services }) => services.length === 0}
      loading={text.loadingMap}
      title={text.map}
    >
      {(map) => (
        <>
          <Drawing map={map} />
          <PlainTable columns={columns} label={text.map} rowKey={({ name }) => name} rows={map.services} />
        </>
      )}
    </Section>
  )
}
