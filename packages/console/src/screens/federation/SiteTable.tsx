// The sites: who is connected, how the newest model does there, and how many bytes left each.
import type { FederationDetail, FederationRound } from '../../api/federations.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { type Loadable, Section } from '../../components/Section.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Federation.module.css'
import { bytesText, figure, type SiteRow, siteRows } from './federation-view.ts'
import { federationText } from './text.ts'

interface SiteTableProps {
  readonly asked: Loadable<FederationDetail>
  readonly rounds: readonly FederationRound[]
}

const grouped = new Intl.NumberFormat('en')

/** The table. */
export function SiteTable({ asked, rounds }: SiteTableProps) {
  const text = useText(federationText)
  const metric = asked.data?.plan.metric ?? 'loss'
  const columns: readonly PlainColumn<SiteRow>[] = [
    { key: 'site', label: text.site, cell: ({ name }) => name },
    { key: 'presence', label: text.presence, cell: ({ isConnected }) => (isConnected ? text.here : text.away) },
    {
      key: 'stays',
      label: text.stays,
      isNumber: true,
      cell: ({ examples }) => (examples === undefined ? '–' : grouped.format(examples)),
    },
    { key: 'metric', label: metric, isNumber: true, cell: (row) => figure(row.metric) },
    { key: 'left', label: text.left, isNumber: true, cell: ({ bytesLeft }) => bytesText(bytesLeft) },
    { key: 'sent', label: text.sent, isNumber: true, cell: ({ bytesSent }) => bytesText(bytesSent) },
  ]
  return (
    <Section
      aside={<span className={styles.quiet}>{text.leftHint}</span>}
      asked={asked}
      empty={<EmptyState reason={text.sitesNoneReason} title={text.sitesNone} />}
      isEmpty={({ sites }) => sites.length === 0}
      loading={text.loadingSites}
      title={text.sites}
    >
      {(federation) => (
        <PlainTable
          columns={columns}
          label={text.sites}
          rowKey={({ name }) => name}
          rows={siteRows(federation, rounds)}
        />
      )}
    </Section>
  )
}
