// The chart of a test (uPlot): lines of one unit over time, the expected range as a band; the table below says the same.
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { CodeableConcept } from '../../api/fhir.ts'
import { wordsOf } from '../../clinical/concepts.ts'
import { dayText } from '../../clinical/dates.ts'
import type { TrendSeries } from '../../clinical/trends.ts'
import { numberText } from '../../clinical/values.ts'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import { resultsText } from './results-text.ts'
import styles from './TrendChart.module.css'
import { chartData, chartOptions } from './trend-options.ts'

interface TrendChartProps {
  readonly concept: CodeableConcept
  /** All in one unit; the first is the main one. */
  readonly lines: readonly TrendSeries[]
}

const heightPx = 250

function useSummary({ concept, lines }: TrendChartProps): string {
  const text = useText(resultsText)
  const { language } = useLanguage()
  const points = lines.flatMap((line) => line.points)
  const values = points.map(({ value }) => value)
  const times = points.map(({ timeMs }) => timeMs)
  const day = (timeMs: number): string => dayText(new Date(timeMs).toISOString()) ?? '–'
  return fill(text.chart, {
    test: wordsOf(concept, language)?.text ?? '',
    count: points.length,
    from: day(Math.min(...times)),
    to: day(Math.max(...times)),
    low: numberText(Math.min(...values)),
    high: numberText(Math.max(...values)),
    unit: lines[0]?.unit ?? '',
  })
}

/** The chart. */
export function TrendChart({ concept, lines }: TrendChartProps) {
  const { language } = useLanguage()
  const colours = useComputedColorScheme('light', { getInitialValueInEffect: false })
  const place = useRef<HTMLDivElement>(null)
  const [pointed, setPointed] = useState('')
  const summary = useSummary({ concept, lines })
  const data = useMemo(() => chartData(lines), [lines])
  useEffect(() => {
    const target = place.current
    if (target === null) return
    const style = getComputedStyle(target)
    const colour = (name: string): string => style.getPropertyValue(name).trim()
    const options = chartOptions({ lines, language, colour, isDark: colours === 'dark', onPoint: setPointed })
    const plot = new uPlot({ ...options, width: target.clientWidth, height: heightPx }, data, target)
    const observer = new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height: heightPx }))
    observer.observe(target)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [lines, data, language, colours])
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>
        {lines.length > 1
          ? lines.map((line, index) => (
              <span className={styles.legend} data-line={index} key={line.key}>
                {wordsOf(line.concept, language)?.text ?? line.key}
              </span>
            ))
          : null}
        <span className={styles.pointed}>{pointed}</span>
      </figcaption>
      <div aria-label={summary} className={styles.plot} ref={place} role="img" />
    </figure>
  )
}
