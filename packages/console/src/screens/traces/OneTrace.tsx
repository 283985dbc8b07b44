// One trace: the way of a request through the rooms as a waterfall.
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Failure } from '../../api/failure.ts'
import { fetchTrace, type Trace } from '../../api/traces.ts'
import { useRequest } from '../../app/session.ts'
import { secondText } from '../../clinical/dates.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { PageTitle } from '../../components/PageTitle.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Traces.module.css'
import { tracesText } from './text.ts'
import { durationText, waterfallOf } from './trace-view.ts'
import { Waterfall } from './Waterfall.tsx'

function Summary({ trace }: { readonly trace: Trace }) {
  const text = useText(tracesText)
  const rows = waterfallOf(trace)
  const rooms = new Set(trace.spans.map(({ service }) => service)).size
  return (
    <p>
      {fill(text.summary, {
        name: rows[0]?.span.name ?? '',
        duration: durationText(trace.durationMs),
        steps: trace.spans.length,
        rooms,
        time: secondText(trace.started) ?? '',
      })}
    </p>
  )
}

/** The screen. */
export function OneTrace() {
  const text = useText(tracesText)
  const { traceId } = useParams({ from: '/signed-in/traces/$traceId' })
  const request = useRequest()
  const asked = useQuery({
    queryKey: ['trace', traceId],
    queryFn: ({ signal }) => fetchTrace(request, traceId, signal),
    retry: false,
    gcTime: 0,
  })
  const isMissing = asked.error instanceof Failure && asked.error.kind === 'not-found'
  return (
    <div className={styles.page}>
      <p>
        <Link to="/traces">{text.back}</Link>
      </p>
      <PageTitle tab={text.oneTitle}>
        {text.oneTitle} <code className={styles.id}>{traceId}</code>
      </PageTitle>
      {asked.isPending ? (
        <div aria-busy="true">
          <p role="status">{text.oneLoading}</p>
          <Skeleton h={240} />
        </div>
      ) : null}
      {isMissing ? <EmptyState reason={text.missingReason} title={text.missing} /> : null}
      {asked.isError && !isMissing ? <FailurePanel error={asked.error} onRetry={() => void asked.refetch()} /> : null}
      {asked.data === undefined ? null : (
        <>
          <Summary trace={asked.data} />
          {asked.data.isCut ? <p role="status">{fill(text.cut, { count: asked.data.spans.length })}</p> : null}
          <Waterfall trace={asked.data} />
        </>
      )}
    </div>
  )
}
