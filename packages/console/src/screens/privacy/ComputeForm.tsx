// Has the server compute: a score of one contribution, or the total of all.
import { Button, NativeSelect, NumberInput } from '@mantine/core'
import { useState } from 'react'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Privacy.module.css'
import type { JobWish, PrivateContext, PrivateVector } from './private-api.ts'
import { useStartJob, useVectors } from './private-queries.ts'
import { contributionsOf, scoreWish, totalWish } from './private-view.ts'
import { privacyText } from './text.ts'

interface ScoreFieldsProps {
  readonly contributions: readonly PrivateVector[]
  readonly chosen: string
  readonly onChoose: (id: string) => void
  readonly factor: number | string
  readonly onFactor: (value: number | string) => void
  readonly offset: number | string
  readonly onOffset: (value: number | string) => void
}

function ScoreFields({ contributions, chosen, onChoose, ...numbers }: ScoreFieldsProps) {
  const text = useText(privacyText)
  return (
    <>
      <NativeSelect
        data={contributions.map(({ id, label, owner }) => ({ value: id, label: `${label} · ${owner}` }))}
        label={text.contribution}
        onChange={(event) => onChoose(event.currentTarget.value)}
        value={chosen}
      />
      <NumberInput hideControls label={text.factor} onChange={numbers.onFactor} value={numbers.factor} />
      <NumberInput hideControls label={text.offset} onChange={numbers.onOffset} value={numbers.offset} />
    </>
  )
}

function useWish(contributions: readonly PrivateVector[], kind: string) {
  const text = useText(privacyText)
  const [given, setGiven] = useState('')
  const [factor, setFactor] = useState<number | string>(0.5)
  const [offset, setOffset] = useState<number | string>(10)
  const chosen = given === '' ? (contributions[0]?.id ?? '') : given
  const wish = (): JobWish => {
    const ids = contributions.map(({ id }) => id)
    if (kind === 'total') return totalWish(ids, fill(text.totalName, { count: ids.length }))
    const [times, plus] = [Number(factor), Number(offset)]
    return scoreWish(chosen, times, plus, fill(text.scoreName, { factor: times, offset: plus }))
  }
  const fields = {
    ...{ contributions, chosen, onChoose: setGiven, factor, onFactor: setFactor },
    ...{ offset, onOffset: setOffset },
  }
  return { wish, fields }
}

/** The form. */
export function ComputeForm({ context }: { readonly context: PrivateContext }) {
  const text = useText(privacyText)
  const vectors = useVectors(context.id)
  const start = useStartJob(context.id)
  const isCohort = context.minContributors > 1
  const [picked, setPicked] = useState('score')
  const kind = isCohort ? 'total' : picked
  const contributions = contributionsOf(vectors.data ?? [])
  const { wish, fields } = useWish(contributions, kind)
  if (contributions.length === 0) return <p className="quiet">{text.nothingToCompute}</p>
  const programs = isCohort ? (['total'] as const) : (['score', 'total'] as const)
  return (
    <form
      aria-label={text.compute}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        start.mutate(wish())
      }}
    >
      <NativeSelect
        data={programs.map((value) => ({ value, label: text[`program.${value}`] }))}
        label={text.program}
        onChange={(event) => setPicked(event.currentTarget.value)}
        value={kind}
      />
      {kind === 'score' ? <ScoreFields {...fields} /> : null}
      <Button disabled={start.isPending} type="submit">
        {text.start}
      </Button>
      {start.error === null ? null : (
        <div className={styles.wide}>
          <FailurePanel error={start.error} isCompact />
        </div>
      )}
    </form>
  )
}
