// Figures and origin of one version.
import type { Metric, ModelVersion } from '../../api/models.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Models.module.css'
import { figureText, intervalText } from './model-view.ts'
import { modelsText } from './text.ts'

/** The figures with how sure they are. */
export function Figures({ metrics }: { readonly metrics: readonly Metric[] }) {
  const text = useText(modelsText)
  if (metrics.length === 0) return <EmptyState reason={text.noFiguresReason} title={text.noFigures} />
  const columns: readonly PlainColumn<Metric>[] = [
    { key: 'name', label: text.metric, cell: ({ name }) => <code>{name}</code> },
    { key: 'value', label: text.value, isNumber: true, cell: ({ value }) => figureText(value) },
    { key: 'interval', label: text.interval, isNumber: true, cell: (metric) => intervalText(metric) ?? '–' },
    { key: 'cases', label: text.cases, isNumber: true, cell: ({ cases }) => cases ?? '–' },
    { key: 'dataset', label: text.measuredOn, cell: ({ dataset }) => <span lang="en">{dataset ?? '–'}</span> },
  ]
  return (
    <PlainTable
      columns={columns}
      label={text.figures}
      rowKey={({ name, dataset }) => `${name} ${dataset}`}
      rows={metrics}
    />
  )
}

/** Where the version comes from. */
export function Origin({ version }: { readonly version: ModelVersion }) {
  const text = useText(modelsText)
  const { lineage, registeredBy, isShipped, sha256 } = version
  const facts: readonly (readonly [string, string])[] = [
    [text.dataset, lineage.dataset ?? text.unknown],
    [text.run, lineage.trainingRun ?? text.unknown],
    ...(lineage.parentVersion === undefined ? [] : [[text.parent, String(lineage.parentVersion)] as const]),
    [text.by, isShipped ? text.shipped : registeredBy],
    [text.hash, sha256],
  ]
  return (
    <dl className={styles.facts}>
      {facts.map(([label, value]) => (
        <div className={styles.fact} key={label}>
          <dt>{label}</dt>
          <dd lang={value === text.unknown || value === text.shipped ? undefined : 'en'}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
