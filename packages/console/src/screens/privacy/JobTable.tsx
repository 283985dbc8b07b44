// The computations of a context: their steps, how far they are, and the encrypted result for the key owner.
import { Button } from '@mantine/core'
import { useCaller } from '../../app/session.ts'
import { minuteText } from '../../clinical/dates.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Privacy.module.css'
import { bytesAddress, jobAddress, type PrivateContext, type PrivateJob } from './private-api.ts'
import { useJobs, useSend } from './private-queries.ts'
import { bytesText } from './private-view.ts'
import { privacyText } from './text.ts'

function State({ job }: { readonly job: PrivateJob }) {
  const text = useText(privacyText)
  const { language } = useLanguage()
  const { state, progress, error } = job
  // The server's words are English.
  const why = error === undefined ? '' : language === 'en' ? error.detail : text.failed
  return (
    <>
      <span className={styles.state} data-state={state}>
        {text[`state.${state}`]}
      </span>{' '}
      <span className="quiet">{why === '' ? fill(text.progress, progress) : why}</span>
    </>
  )
}

function Result({ job, isOwner }: { readonly job: PrivateJob; readonly isOwner: boolean }) {
  const text = useText(privacyText)
  const cancel = useSend()
  if (job.state === 'queued' || job.state === 'running') {
    return (
      <Button
        disabled={cancel.isPending}
        onClick={() => cancel.mutate({ address: jobAddress(job.id) })}
        variant="default"
      >
        {text.cancel}
      </Button>
    )
  }
  if (cancel.error !== null) return <FailurePanel error={cancel.error} isCompact />
  if (job.results.length === 0) return '–'
  if (!isOwner) return text.onlyOwner
  return job.results.map(({ id, output, sizeBytes }) => (
    <a download={`${output}.tenseal`} href={bytesAddress(id)} key={id}>
      {text.save} <code>{output}</code> ({bytesText(sizeBytes)})
    </a>
  ))
}

/** The table. */
export function JobTable({ context }: { readonly context: PrivateContext }) {
  const text = useText(privacyText)
  const { subject } = useCaller()
  const asked = useJobs(context.id)
  const isOwner = subject === context.owner
  const columns: readonly PlainColumn<PrivateJob>[] = [
    { key: 'label', label: text.label, cell: ({ label }) => label },
    { key: 'steps', label: text.steps, cell: ({ operations }) => <code>{operations.join(' → ')}</code> },
    { key: 'state', label: text.state, cell: (job) => <State job={job} /> },
    { key: 'result', label: text.result, cell: (job) => <Result isOwner={isOwner} job={job} /> },
    { key: 'created', label: text.created, isFixed: true, cell: ({ createdAt }) => minuteText(createdAt) ?? '–' },
  ]
  return (
    <TableSection
      asked={asked}
      columns={columns}
      loading={text.loadingJobs}
      none={text.noJobs}
      noneReason={text.noJobsReason}
      rowKey={({ id }) => id}
      rows={(rows) => rows}
      title={text.jobs}
    />
  )
}
