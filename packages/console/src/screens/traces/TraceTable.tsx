// The rows of the list of traces.
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { ListedTrace } from '../../api/traces.ts'
import { secondText } from '../../clinical/dates.ts'
import { type Column, VirtualTable } from '../../components/VirtualTable.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { TraceOutcome } from './TraceOutcome.tsx'
import { tracesText } from './text.ts'
import { durationText } from './trace-view.ts'

function useColumns(): readonly Column<ListedTrace>[] {
  const text = useText(tracesText)
  return useMemo(
    () => [
      {
        key: 'time',
        label: text.time,
        width: '10.7em',
        cell: ({ traceId, started }) => (
          <Link params={{ traceId }} to="/traces/$traceId">
            {secondText(started) ?? '–'}
          </Link>
        ),
      },
      {
        key: 'name',
        label: text.request,
        width: 'minmax(14em, 2fr)',
        cell: ({ name }) => <code lang="en">{name}</code>,
      },
      {
        key: 'duration',
        label: text.duration,
        width: '6.4em',
        isNumber: true,
        cell: ({ durationMs }) => durationText(durationMs),
      },
      { key: 'outcome', label: text.outcome, width: '9em', cell: (trace) => <TraceOutcome failure={trace.failure} /> },
      {
        key: 'rooms',
        label: text.rooms,
        width: 'minmax(9em, 1fr)',
        isWide: true,
        cell: ({ services }) => <code lang="en">{services.join(', ')}</code>,
      },
      { key: 'steps', label: text.steps, width: '5em', isNumber: true, isWide: true, cell: ({ spans }) => spans },
    ],
    [text],
  )
}

const keyOf = ({ traceId, started }: ListedTrace): string => `${traceId} ${started}`

interface TraceTableProps {
  readonly traces: readonly ListedTrace[]
  readonly onEnd: () => void
}

/** The table. */
export function TraceTable({ traces, onEnd }: TraceTableProps) {
  const text = useText(tracesText)
  return <VirtualTable columns={useColumns()} label={text.list} onEnd={onEnd} rowKey={keyOf} rows={traces} />
}
