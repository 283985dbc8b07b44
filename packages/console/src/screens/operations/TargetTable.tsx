// Where the gateway sends requests: each address with its health, its circuit, what is under way, and its share.
import type { Target } from '../../api/targets.ts'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Operations.module.css'
import { useTargets } from './operations-queries.ts'
import { percentText, worstFirst } from './operations-view.ts'
import { targetsText } from './targets-text.ts'

const circuitStates = { closed: 'held', 'half-open': 'running', open: 'failed' } as const
const healthStates = { healthy: 'held', unhealthy: 'failed', unwatched: undefined } as const

function Address({ kind, address, version, upstream }: Target) {
  const text = useText(targetsText)
  const more = [version, upstream].filter((one) => one !== null)
  return (
    <>
      {address === null ? text[kind === 'local' ? 'here' : 'nowhere'] : <code>{address}</code>}
      {more.length === 0 ? null : <span className="quiet"> {more.join(' · ')}</span>}
    </>
  )
}

/** The section. */
export function TargetTable() {
  const text = useText(targetsText)
  const asked = useTargets()
  const columns: readonly PlainColumn<Target>[] = [
    { key: 'service', label: text.service, cell: ({ service }) => <code>{service}</code> },
    { key: 'address', label: text.address, cell: (target) => <Address {...target} /> },
    {
      key: 'health',
      label: text.health,
      cell: ({ health }) => (
        <span className={styles.state} data-state={healthStates[health]}>
          {text[health]}
        </span>
      ),
    },
    {
      key: 'circuit',
      label: text.circuit,
      cell: ({ kind, circuit }) =>
        kind === 'local' || kind === 'none' ? (
          '–'
        ) : (
          <span className={styles.state} data-state={circuitStates[circuit]}>
            {text[circuit]}
          </span>
        ),
    },
    { key: 'inUse', label: text.inUse, cell: ({ isInUse }) => text[isInUse ? 'yes' : 'no'] },
    { key: 'underWay', label: text.underWay, isNumber: true, cell: ({ underWay }) => underWay ?? '–' },
    {
      key: 'share',
      label: text.share,
      isNumber: true,
      cell: ({ share }) => (share === null ? '–' : percentText(share)),
    },
  ]
  return (
    <TableSection
      aside={
        asked.data === undefined ? null : (
          <span className="quiet">{fill(text.seenBy, { gateway: asked.data.gateway })}</span>
        )
      }
      asked={asked}
      columns={columns}
      loading={text.loading}
      none={text.none}
      noneReason={text.noneReason}
      rowKey={({ service, address, version }) => `${service} ${address} ${version}`}
      rows={({ targets }) => worstFirst(targets)}
      title={text.title}
    />
  )
}
