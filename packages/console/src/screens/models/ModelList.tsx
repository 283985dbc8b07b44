// The registered models with the state of each on the server; one is chosen by its address.
import { Link } from '@tanstack/react-router'
import type { ModelSummary } from '../../api/models.ts'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { StateMark } from './Marks.tsx'
import { useIndex, useModels } from './model-queries.ts'
import { stateOf } from './model-view.ts'
import { modelsText } from './text.ts'

/** The list. */
export function ModelList() {
  const text = useText(modelsText)
  const asked = useModels()
  const index = useIndex()
  const columns: readonly PlainColumn<ModelSummary>[] = [
    {
      key: 'name',
      label: text.name,
      cell: ({ name }) => (
        <Link replace resetScroll={false} search={{ model: name }} to="/models">
          {name}
        </Link>
      ),
    },
    {
      key: 'state',
      label: text.state,
      cell: ({ name }) => (index.data === undefined ? '–' : <StateMark state={stateOf(name, index.data).state} />),
    },
    {
      key: 'production',
      label: text.production,
      cell: ({ productionVersion: version }) =>
        version === undefined ? text.noProduction : fill(text.versionOf, { version }),
    },
    { key: 'versions', label: text.versionsCount, isNumber: true, cell: ({ versions }) => versions },
  ]
  return (
    <TableSection
      asked={asked}
      columns={columns}
      loading={text.loading}
      none={text.none}
      noneReason={text.noneReason}
      rowKey={({ name }) => name}
      rows={(rows) => rows}
      title={text.list}
    />
  )
}
