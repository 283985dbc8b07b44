// The rows of the audit trail.
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { shellText } from '../../app/text.ts'
import { secondText } from '../../clinical/dates.ts'
import { nameFor } from '../../clinical/names.ts'
import { type Column, VirtualTable } from '../../components/VirtualTable.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import type { EventView } from './audit-view.ts'
import { eventText } from './event-text.ts'
import { interactionWords } from './interaction-words.ts'
import { OutcomeMark } from './OutcomeMark.tsx'
import { type AuditText, auditText } from './text.ts'

interface AuditTableProps {
  readonly events: readonly EventView[]
  /** Id of the event that is opened. */
  readonly chosen: string | undefined
  /** Beside an opened event there is room for less. */
  readonly isNarrow: boolean
  readonly onEnd: () => void
}

function patientsWords(patients: readonly string[], text: AuditText): string {
  const [first, ...others] = patients
  if (first === undefined) return '–'
  return others.length === 0 ? first : fill(text.several, { first, count: others.length })
}

function useColumns(isNarrow: boolean): readonly Column<EventView>[] {
  const text = useText(auditText)
  const words = useText(eventText)
  const shell = useText(shellText)
  const { language } = useLanguage()
  return useMemo(() => {
    const roleWords = (role: string): string => {
      const key = `role.${role}`
      return key in shell ? shell[key as keyof typeof shell] : role
    }
    const columns: readonly Column<EventView>[] = [
      {
        key: 'time',
        label: text.time,
        width: '10.7em',
        cell: ({ id, recorded }) => (
          <Link replace resetScroll={false} search={(old) => ({ ...old, event: id })} to="/audit">
            {secondText(recorded) ?? '–'}
          </Link>
        ),
      },
      {
        key: 'agent',
        label: text.agent,
        width: 'minmax(8.6em, 1.2fr)',
        cell: ({ agent, roles }) => (
          <>
            {agent === undefined || agent === 'Not identified' ? text.unidentified : nameFor(language, agent)}
            <span className="quiet"> {roles.map(roleWords).join(', ')}</span>
          </>
        ),
      },
      {
        key: 'interaction',
        label: text.interaction,
        width: 'minmax(9.3em, 1fr)',
        cell: ({ interaction }) => interactionWords(interaction, words),
      },
      {
        key: 'patients',
        label: text.concerns,
        width: 'minmax(8.6em, 1.2fr)',
        isWide: true,
        cell: ({ patients }) => patientsWords(patients, text),
      },
      {
        key: 'outcome',
        label: text.outcome,
        width: '7.9em',
        cell: ({ outcome }) => <OutcomeMark outcome={outcome} />,
      },
      {
        key: 'place',
        label: text.place0,
        width: '5.1em',
        isNumber: true,
        isWide: true,
        cell: ({ seq }) => (seq === undefined ? '–' : `#${seq}`),
      },
    ]
    return columns.filter(({ isWide }) => !isNarrow || isWide !== true)
  }, [text, words, shell, language, isNarrow])
}

const keyOf = ({ id }: EventView): string => id

/** The table. */
export function AuditTable({ events, chosen, isNarrow, onEnd }: AuditTableProps) {
  const text = useText(auditText)
  const columns = useColumns(isNarrow)
  const isChosen = useMemo(() => (event: EventView) => event.id === chosen, [chosen])
  return (
    <VirtualTable
      columns={columns}
      isChosen={isChosen}
      label={text.events}
      onEnd={onEnd}
      rowKey={keyOf}
      rows={events}
    />
  )
}
