// The reading of the series beside its images: asked for, followed, decided about, signed.
import { Button } from '@mantine/core'
import { useCaller } from '../../../app/session.ts'
import { secondText } from '../../../clinical/dates.ts'
import { EmptyState } from '../../../components/EmptyState.tsx'
import { FailurePanel } from '../../../components/FailurePanel.tsx'
import { fill } from '../../../language/fill.ts'
import { useLanguage, useText } from '../../../language/LanguageProvider.tsx'
import { NoduleList } from './NoduleList.tsx'
import styles from './Report.module.css'
import type { Reading, SeriesAddress } from './reading-api.ts'
import { countDecisions, isUnderWay, progressShare, signObstacle } from './reading-view.ts'
import { SignForm } from './SignForm.tsx'
import { reportText } from './text.ts'
import { type ReadingAct, useReading } from './use-reading.ts'

interface ReadingProps {
  readonly reading: Reading
  readonly isActing: boolean
  readonly act: (act: ReadingAct) => void
}

function UnderWay({ reading, isActing, act }: ReadingProps) {
  const text = useText(reportText)
  const { step, done, total, isCancelling } = reading.progress
  return (
    <div className={styles.part}>
      <p role="status">{fill(text[`step.${step}`], { done, total })}</p>
      <progress aria-label={text.progress} className={styles.bar} max={1} value={progressShare(reading)} />
      <Button disabled={isActing || isCancelling} onClick={() => act({ kind: 'cancel', reading })} variant="default">
        {isCancelling ? text.cancelling : text.cancel}
      </Button>
    </div>
  )
}

function Broken({ reading, isActing, act }: ReadingProps) {
  const text = useText(reportText)
  const { language } = useLanguage()
  const isFailed = reading.state === 'failed'
  return (
    <div className={styles.part} role={isFailed ? 'alert' : undefined}>
      <p>{isFailed ? `${text.failed} ${text.failedReason}` : text.cancelled}</p>
      {isFailed && language === 'en' ? <p className="quiet">{reading.failure?.detail}</p> : null}
      <Button disabled={isActing} onClick={() => act({ kind: 'retry', reading })} variant="default">
        {text.retry}
      </Button>
    </div>
  )
}

function Marks({ reading, isActing, act }: ReadingProps) {
  const text = useText(reportText)
  const { roles } = useCaller()
  const { nodules = [] } = reading
  const canDecide = reading.state === 'ready' && roles.includes('radiologist')
  const open = nodules.filter(({ decision }) => decision === 'open').map(({ number }) => number)
  if (nodules.length === 0) return <p>{text.noNodules}</p>
  return (
    <>
      <p>{fill(text.count, { count: nodules.length, ...countDecisions(nodules) })}</p>
      <NoduleList
        {...{ reading, canDecide, isActing }}
        onDecide={(numbers, decision) => act({ kind: 'decide', reading, numbers, decision })}
      />
      {canDecide && open.length > 1 ? (
        <Button
          disabled={isActing}
          onClick={() => act({ kind: 'decide', reading, numbers: open, decision: 'rejected' })}
          variant="default"
        >
          {text.rejectOpen}
        </Button>
      ) : null}
    </>
  )
}

function Draft(props: ReadingProps) {
  const text = useText(reportText)
  const { roles } = useCaller()
  const { reading, isActing, act } = props
  return (
    <div className={styles.part}>
      <p className={styles.notice}>{text.notice}</p>
      <Marks {...props} />
      <SignForm
        isActing={isActing}
        obstacle={signObstacle(reading, roles)}
        onSign={(conclusion) => act({ kind: 'sign', reading, conclusion })}
      />
      <Button
        className={styles.discard}
        disabled={isActing}
        onClick={() => act({ kind: 'cancel', reading })}
        size="compact-sm"
        variant="default"
      >
        {text.discard}
      </Button>
    </div>
  )
}

function Signed(props: ReadingProps) {
  const text = useText(reportText)
  const { reading, isActing, act } = props
  const time = secondText(reading.signed ?? undefined) ?? '–'
  return (
    <div className={styles.part}>
      <p className={styles.signed}>{fill(text.signed, { name: reading.signedBy ?? '–', time })}</p>
      <p className="quiet">{text.signedReason}</p>
      <Marks {...props} />
      <Button disabled={isActing} onClick={() => act({ kind: 'start' })} variant="default">
        {text.again}
      </Button>
    </div>
  )
}

function Current(props: ReadingProps) {
  const text = useText(reportText)
  const { reading } = props
  const { name, version } = reading.model
  return (
    <>
      {isUnderWay(reading) ? <UnderWay {...props} /> : null}
      {reading.state === 'failed' || reading.state === 'cancelled' ? <Broken {...props} /> : null}
      {reading.state === 'ready' ? <Draft {...props} /> : null}
      {reading.state === 'signed' ? <Signed {...props} /> : null}
      <p className="quiet">{fill(text.model, { name, version: version === '' ? '–' : version })}</p>
    </>
  )
}

/** The panel. */
export function ReportPanel(at: SeriesAddress) {
  const text = useText(reportText)
  const { asked, act, isActing, failure } = useReading(at)
  const { data } = asked
  return (
    <section aria-label={text.title} className={styles.panel}>
      <h2>{text.title}</h2>
      {failure === null ? null : <FailurePanel error={failure} isCompact />}
      {asked.isError ? <FailurePanel error={asked.error} isCompact onRetry={() => void asked.refetch()} /> : null}
      {asked.isPending ? <p role="status">{text.loading}</p> : null}
      {data === null ? (
        <EmptyState
          action={
            <Button disabled={isActing} onClick={() => act({ kind: 'start' })}>
              {text.start}
            </Button>
          }
          reason={text.noneReason}
          title={text.none}
        />
      ) : null}
      {data == null ? null : <Current act={act} isActing={isActing} reading={data} />}
    </section>
  )
}
