// The versions of one model, newest first; one is chosen by its address.
import { Link } from '@tanstack/react-router'
import type { ModelDetail, ModelVersion } from '../../api/models.ts'
import { minuteText } from '../../clinical/dates.ts'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import type { Loadable } from '../../components/Section.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { StageMark } from './Marks.tsx'
import { metricText, sizeText } from './model-view.ts'
import { modelsText } from './text.ts'

interface VersionListProps {
  readonly model: string
  readonly asked: Loadable<ModelDetail>
}

/** The list. */
export function VersionList({ model, asked }: VersionListProps) {
  const text = useText(modelsText)
  const columns: readonly PlainColumn<ModelVersion>[] = [
    {
      key: 'version',
      label: text.version,
      cell: ({ version }) => (
        <Link replace resetScroll={false} search={{ model, version: String(version) }} to="/models">
          {fill(text.versionOf, { version })}
        </Link>
      ),
    },
    { key: 'stage', label: text.stage, cell: ({ stage }) => <StageMark stage={stage} /> },
    { key: 'figure', label: text.figure, cell: ({ metrics }) => <code>{metricText(metrics[0])}</code> },
    { key: 'size', label: text.size, isNumber: true, cell: ({ sizeBytes }) => sizeText(sizeBytes) },
    { key: 'at', label: text.registered, isFixed: true, cell: ({ registeredAt }) => minuteText(registeredAt) ?? '–' },
  ]
  const title = fill(text.versions, { model })
  return (
    <TableSection
      asked={asked}
      columns={columns}
      loading={text.loadingModel}
      none={text.noVersions}
      noneReason={text.noVersionsReason}
      rowKey={({ version }) => String(version)}
      rows={({ versions }) => versions}
      title={title}
    />
  )
}
