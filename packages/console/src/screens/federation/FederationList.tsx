// The federations, newest first; one is chosen by its address.
import { Link } from '@tanstack/react-router'
import type { Federation } from '../../api/federations.ts'
import { minuteText } from '../../clinical/dates.ts'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { useFederations } from './federation-queries.ts'
import { StateMark } from './StateMark.tsx'
import { federationText } from './text.ts'

/** The list. */
export function FederationList() {
  const text = useText(federationText)
  const asked = useFederations()
  const columns: readonly PlainColumn<Federation>[] = [
    {
      key: 'name',
      label: text.name,
      cell: ({ id, name }) => (
        <Link replace resetScroll={false} search={{ federation: id }} to="/federations">
          {name}
        </Link>
      ),
    },
    { key: 'state', label: text.state, cell: ({ state }) => <StateMark state={state} /> },
    { key: 'strategy', label: text.strategy, cell: ({ plan }) => <code>{plan.strategy.kind}</code> },
    { key: 'rounds', label: text.rounds, isNumber: true, cell: ({ plan }) => plan.rounds },
    { key: 'created', label: text.created, isFixed: true, cell: ({ createdAt }) => minuteText(createdAt) ?? '–' },
  ]
  return (
    <TableSection
      asked={asked}
      columns={columns}
      loading={text.loading}
      none={text.none}
      noneReason={text.noneReason}
      rowKey={({ id }) => id}
      rows={(rows) => rows}
      title={text.list}
    />
  )
}
