// The sites: who is connected, how the newest model does there, and how many bytes left each.
import type { FederationDetail, FederationRound } from '../../api/federations.ts'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import type { Loadable } from '../../components/Section.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
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
    <TableSection
      aside={<span className="quiet">{text.leftHint}</span>}
      asked={asked}
      columns={columns}
      loading={text.loadingSites}
      none={text.sitesNone}
      noneReason={text.sitesNoneReason}
      rowKey={({ name }) => name}
      rows={(federation) => siteRows(federation, rounds)}
      title={text.sites}
    />
  )
}
