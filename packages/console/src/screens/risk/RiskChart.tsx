// The waterfall of a risk: from the reference group to the patient, one bar for each measurement; its table says the same.

import { Link } from '@tanstack/react-router'
import { percentText } from '@xinglin/core/explain/icu'
import { waterfallSteps } from '@xinglin/core/explain/plot'
import type { ReactNode } from 'react'
import type { Observation } from '../../api/fhir.ts'
import { minuteText } from '../../clinical/dates.ts'
import { observedAt } from '../../clinical/trends.ts'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import { Value } from '../chart/Value.tsx'
import styles from './Risk.module.css'
import type { RiskShare, RiskView } from './risk-view.ts'
import { riskText } from './text.ts'

interface RiskChartProps {
  readonly view: RiskView
  readonly patientId: string
  /** Observations by id; empty until they are loaded. */
  readonly evidence: ReadonlyMap<string, Observation>
}

interface Row {
  readonly one: RiskShare
  readonly observation: Observation | undefined
  readonly left: number
  readonly width: number
}

function rowsOf({ view, evidence }: Omit<RiskChartProps, 'patientId'>): readonly Row[] {
  const items = view.shares.map(({ vital, share }) => ({ name: vital, contribution: share }))
  const { steps, baseAt } = waterfallSteps({ base: view.base, prediction: view.risk, items }, items.length + 1, '')
  const places = new Map(steps.map((step) => [step.name, step]))
  return view.shares
    .toSorted((a, b) => Math.abs(b.share) - Math.abs(a.share))
    .map((one) => {
      const { left = baseAt, width = 0 } = places.get(one.vital) ?? {}
      return { one, left, width, observation: evidence.get(one.evidence?.replace(/^Observation\//, '') ?? '') }
    })
}

function codeOf(observation: Observation | undefined): string | undefined {
  const [coding] = observation?.code?.coding ?? []
  return coding?.code === undefined ? undefined : `${coding.system ?? ''}|${coding.code}`
}

function Name({ row, patientId }: { readonly row: Row; readonly patientId: string }) {
  const { language } = useLanguage()
  const code = codeOf(row.observation)
  const words = row.one[language]
  const name = language === 'en' ? words.charAt(0).toUpperCase() + words.slice(1) : words
  if (code === undefined) return name
  return (
    <Link params={{ patientId }} search={{ code }} to="/patients/$patientId/results">
      {name}
    </Link>
  )
}

function Contribution({ share }: { readonly share: number }) {
  const text = useText(riskText)
  const points = (Math.abs(share) * 100).toFixed(1)
  const words = share === 0 ? text.neither : share > 0 ? text.raises : text.lowers
  return (
    <>
      {fill(text.points, { sign: share < 0 ? '−' : '+', points })}
      <span className="visually-hidden"> {words}</span>
    </>
  )
}

function Bar({
  left,
  width,
  direction,
}: {
  readonly left: number
  readonly width: number
  readonly direction: string
}) {
  return (
    <span aria-hidden="true" className={styles.track}>
      <span
        className={styles.bar}
        data-direction={direction}
        style={{ left: `${left * 100}%`, width: `max(2px, ${width * 100}%)` }}
      />
    </span>
  )
}

function End({ label, value }: { readonly label: string; readonly value: number }) {
  const { language } = useLanguage()
  return (
    <tr className={styles.end}>
      <th scope="row">{label}</th>
      <td />
      <td className={styles.when} />
      <td className={styles.barCell} />
      <td className={styles.number}>{`${percentText(value)}${language === 'zh' ? '' : ' '}%`}</td>
    </tr>
  )
}

function Head({ children }: { readonly children: ReactNode }) {
  return <th scope="col">{children}</th>
}

/** The chart with its numbers. */
export function RiskChart({ view, patientId, evidence }: RiskChartProps) {
  const text = useText(riskText)
  const rows = rowsOf({ view, evidence })
  return (
    <table className={styles.chart}>
      <caption className={styles.caption}>
        {fill(text.chartNote, { base: percentText(view.base), risk: percentText(view.risk) })}
      </caption>
      <thead>
        <tr>
          <Head>{text.measurement}</Head>
          <Head>{text.latest}</Head>
          <Head>{text.when}</Head>
          <Head>{text.chart}</Head>
          <Head>{text.contribution}</Head>
        </tr>
      </thead>
      <tbody>
        <End label={text.reference} value={view.base} />
        {rows.map((row) => {
          const { one, observation, left, width } = row
          const direction = one.share > 0 ? 'raises' : 'lowers'
          return (
            <tr key={one.vital}>
              <th scope="row">
                <Name patientId={patientId} row={row} />
              </th>
              <td>
                {observation === undefined ? (one.value ?? text.notMeasured) : <Value observation={observation} />}
              </td>
              <td className={styles.when}>
                {observation === undefined ? '–' : (minuteText(observedAt(observation)) ?? '–')}
              </td>
              <td className={styles.barCell}>
                <Bar direction={direction} left={left} width={width} />
              </td>
              <td className={styles.number}>
                <Contribution share={one.share} />
              </td>
            </tr>
          )
        })}
        <End label={text.patient} value={view.risk} />
      </tbody>
    </table>
  )
}
