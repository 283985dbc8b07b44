// The nodules of a draft: measures, how sure the model is, where to see each, and the radiologist's decision.
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { fill } from '../../../language/fill.ts'
import { useText } from '../../../language/LanguageProvider.tsx'
import styles from './Report.module.css'
import type { Nodule, Reading } from './reading-api.ts'
import { reportText } from './text.ts'

interface NoduleListProps {
  readonly reading: Reading
  readonly canDecide: boolean
  readonly isActing: boolean
  readonly onDecide: (numbers: readonly number[], decision: Nodule['decision']) => void
}

function Facts({ nodule }: { readonly nodule: Nodule }) {
  const text = useText(reportText)
  const { longAxisMm, shortAxisMm, volumeMm3, meanHu, density, side, confidence, evidence } = nodule
  const facts = [
    [text.axes, fill(text.axesValue, { long: longAxisMm.toFixed(1), short: shortAxisMm.toFixed(1) })],
    [text.volume, fill(text.volumeValue, { volume: volumeMm3 })],
    [text.density, fill(text.densityValue, { density: text[density], hu: meanHu })],
    [text.side, text[side]],
    [text.confidence, fill(text.confidenceValue, { percent: Math.round(100 * confidence) })],
  ] as const
  return (
    <>
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">{fill(text.slices, { first: evidence.firstSlice + 1, last: evidence.lastSlice + 1 })}</p>
    </>
  )
}

function OneNodule({ nodule, reading, canDecide, isActing, onDecide }: NoduleListProps & { readonly nodule: Nodule }) {
  const text = useText(reportText)
  const { number, decision, evidence } = nodule
  const decided = (wanted: Nodule['decision']) => () => onDecide([number], decision === wanted ? 'open' : wanted)
  return (
    <li className={styles.nodule} data-decision={decision}>
      <div className={styles.noduleHead}>
        <h3>{fill(text.nodule, { number })}</h3>
        <span className={styles.decision}>{text[decision]}</span>
        {evidence.axesInstance === null ? null : (
          <Link
            aria-label={fill(text.showOf, { number })}
            search={{ study: reading.study, series: reading.series, image: evidence.axesInstance }}
            to="/imaging/study"
          >
            {text.show}
          </Link>
        )}
      </div>
      <Facts nodule={nodule} />
      {canDecide ? (
        <div className={styles.actions}>
          <Button
            aria-label={fill(text.acceptOf, { number })}
            aria-pressed={decision === 'accepted'}
            disabled={isActing}
            onClick={decided('accepted')}
            size="compact-sm"
            variant={decision === 'accepted' ? 'filled' : 'default'}
          >
            {text.accept}
          </Button>
          <Button
            aria-label={fill(text.rejectOf, { number })}
            aria-pressed={decision === 'rejected'}
            disabled={isActing}
            onClick={decided('rejected')}
            size="compact-sm"
            variant={decision === 'rejected' ? 'filled' : 'default'}
          >
            {text.reject}
          </Button>
        </div>
      ) : null}
    </li>
  )
}

/** The list. */
export function NoduleList(props: NoduleListProps) {
  const { nodules = [] } = props.reading
  return (
    <ol className={styles.nodules}>
      {nodules.map((nodule) => (
        <OneNodule key={nodule.number} {...props} nodule={nodule} />
      ))}
    </ol>
  )
}
