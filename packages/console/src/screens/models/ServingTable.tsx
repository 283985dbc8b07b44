// What the inference server does with a model now: requests, time, processes; fresh every few seconds.
import type { ModelDetail, Serving } from '../../api/models.ts'
import { secondText } from '../../clinical/dates.ts'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import type { Loadable } from '../../components/Section.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { countsOf, meanText } from './model-view.ts'
import { modelsText } from './text.ts'

/** The table. */
export function ServingTable({ asked }: { readonly asked: Loadable<ModelDetail> }) {
  const text = useText(modelsText)
  const last = (ms: number): string => (ms === 0 ? text.never : (secondText(new Date(ms).toISOString()) ?? '–'))
  const columns: readonly PlainColumn<Serving>[] = [
    { key: 'version', label: text.version, cell: ({ version }) => fill(text.versionOf, { version }) },
    { key: 'answered', label: text.answered, isNumber: true, cell: (row) => countsOf(row)[0] },
    { key: 'failed', label: text.failed, isNumber: true, cell: (row) => countsOf(row)[1] },
    { key: 'batches', label: text.batches, isNumber: true, cell: (row) => row.execution_count },
    {
      key: 'compute',
      label: text.meanCompute,
      isNumber: true,
      cell: ({ inference_stats: { compute_infer: spent } }) => meanText(spent),
    },
    { key: 'queue', label: text.meanQueue, isNumber: true, cell: ({ inference_stats: { queue } }) => meanText(queue) },
    { key: 'waiting', label: text.waiting, isNumber: true, cell: ({ pending }) => pending },
    { key: 'processes', label: text.processes, isNumber: true, cell: ({ openInstances }) => openInstances },
    { key: 'last', label: text.lastUse, isFixed: true, cell: (row) => last(row.last_inference) },
  ]
  return (
    <TableSection
      asked={asked}
      columns={columns}
      loading={text.loadingModel}
      none={text.servingNone}
      noneReason={text.servingNoneReason}
      rowKey={({ version }) => version}
      rows={({ serving }) => serving}
      title={text.serving}
    />
  )
}
