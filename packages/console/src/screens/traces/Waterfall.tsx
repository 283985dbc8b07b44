// The steps of a trace below one another, each with its bar on the same line of time; details open in place.
import type { Trace } from '../../api/traces.ts'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { TraceOutcome } from './TraceOutcome.tsx'
import styles from './Traces.module.css'
import { tracesText } from './text.ts'
import { durationText, type WaterfallRow, waterfallOf } from './trace-view.ts'

const indentEm = 1.1
const percent = (share: number): string => `${(share * 100).toFixed(2)}%`

function Details({ row: { span } }: { readonly row: WaterfallRow }) {
  const text = useText(tracesText)
  return (
    <details>
      <summary aria-label={fill(text.attributes, { name: span.name })}>
        <code lang="en">{span.name}</code>
      </summary>
      <dl className={styles.facts}>
        <div>
          <dt>{text.started}</dt>
          <dd>{durationText(span.startMs)}</dd>
        </div>
        <div>
          <dt>{text.kind}</dt>
          <dd>
            <code lang="en">{span.kind}</code>
          </dd>
        </div>
        {span.attributes.map(({ name, value }) => (
          <div key={name}>
            <dt>
              <code lang="en">{name}</code>
            </dt>
            <dd>
              <code lang="en">{String(value)}</code>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

function Row({ row }: { readonly row: WaterfallRow }) {
  const { span, depth, from, share } = row
  return (
    <tr>
      <th scope="row" style={{ paddingInlineStart: `${0.8 + Math.min(depth, 12) * indentEm}em` }}>
        <Details row={row} />
      </th>
      <td>
        <code lang="en">{span.service}</code>
      </td>
      <td data-number>{durationText(span.durationMs)}</td>
      <td>{span.failure === undefined ? null : <TraceOutcome failure={span.failure} />}</td>
      <td className={styles.line}>
        <span
          aria-hidden="true"
          className={styles.span}
          data-failed={span.failure !== undefined || undefined}
          style={{ insetInlineStart: percent(from), width: percent(share) }}
        />
      </td>
    </tr>
  )
}

/** The waterfall. */
export function Waterfall({ trace }: { readonly trace: Trace }) {
  const text = useText(tracesText)
  return (
    <section aria-label={text.waterfall} className={styles.scroll}>
      <table className={styles.waterfall}>
        <thead>
          <tr>
            <th scope="col">{text.step}</th>
            <th scope="col">{text.service}</th>
            <th scope="col">{text.duration}</th>
            <th scope="col">{text.outcome}</th>
            <th className={styles.line} scope="col">
              {text.place}
            </th>
          </tr>
        </thead>
        <tbody>
          {waterfallOf(trace).map((row) => (
            <Row key={row.span.spanId} row={row} />
          ))}
        </tbody>
      </table>
    </section>
  )
}
