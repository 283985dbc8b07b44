// One experiment: what was measured before, during and after its fault.
import { Button } from '@mantine/core'
import type { ExperimentDetail, KindFigures, PhaseFigures } from '../../api/chaos.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { Section } from '../../components/Section.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Operations.module.css'
import { useAbort, useExperiment } from './operations-queries.ts'
import { operationsText } from './text.ts'

interface Row extends PhaseFigures {
  readonly phase: 'before' | 'during' | 'after'
}

function Abort({ id }: { readonly id: string }) {
  const text = useText(operationsText)
  const abort = useAbort(id)
  return (
    <Button color="red" disabled={abort.isPending} onClick={() => abort.mutate()} size="xs" variant="outline">
      {abort.isPending ? text.aborting : text.abort}
    </Button>
  )
}

function Report({ report }: { readonly report: NonNullable<ExperimentDetail['report']> }) {
  const text = useText(operationsText)
  const share = ({ good, requests }: KindFigures): string => fill(text.ofAll, { good, all: requests })
  const columns: readonly PlainColumn<Row>[] = [
    { key: 'phase', label: text.phase, cell: ({ phase, seconds }) => `${text[`phase.${phase}`]} (${seconds} s)` },
    { key: 'idempotent', label: text.idempotent, isNumber: true, cell: ({ idempotent }) => share(idempotent) },
    { key: 'others', label: text.others, isNumber: true, cell: ({ others }) => share(others) },
    {
      key: 'p50',
      label: text.p50,
      isNumber: true,
      cell: ({ idempotent }) => fill(text.milliseconds, { ms: idempotent.p50Ms }),
    },
    {
      key: 'p99',
      label: text.p99,
      isNumber: true,
      cell: ({ idempotent }) => fill(text.milliseconds, { ms: idempotent.p99Ms }),
    },
  ]
  const { before, during, after, recoveryMs, lost, acknowledged } = report
  const rows: readonly Row[] = [
    { phase: 'before', ...before },
    { phase: 'during', ...during },
    { phase: 'after', ...after },
  ]
  return (
    <>
      <PlainTable columns={columns} label={text.phase} rowKey={({ phase }) => phase} rows={rows} />
      <p className={styles.told}>
        {fill(text.recovery, { seconds: (recoveryMs / 1000).toFixed(1), lost: lost.length, acknowledged })}
      </p>
    </>
  )
}

/** The section. */
export function OneExperiment({ id }: { readonly id: string }) {
  const text = useText(operationsText)
  const { language } = useLanguage()
  const asked = useExperiment(id)
  const { name = '', title = '', state, place, reason } = asked.data ?? {}
  const told =
    reason === null || reason === undefined ? null : (
      <p className={styles.told}>
        {text.reason} <span lang="en">{reason}</span>
      </p>
    )
  return (
    <Section
      aside={state === 'running' && place === 'system' ? <Abort id={id} /> : null}
      asked={asked}
      empty={
        <>
          <EmptyState reason={text.noReportReason} title={text.noReport} />
          {told}
        </>
      }
      isEmpty={({ report }) => report === null}
      loading={text.loadingReport}
      title={fill(text.report, { name: language === 'en' ? title : name })}
    >
      {({ report }) => (
        <>
          {report === null ? null : <Report report={report} />}
          {told}
        </>
      )}
    </Section>
  )
}
