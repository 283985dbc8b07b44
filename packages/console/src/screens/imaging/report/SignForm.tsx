// The end of a draft: the radiologist's own words, and the signature.
import { Button, Textarea } from '@mantine/core'
import { useId, useState } from 'react'
import { useText } from '../../../language/LanguageProvider.tsx'
import styles from './Report.module.css'
import type { SignObstacle } from './reading-view.ts'
import { reportText } from './text.ts'

interface SignFormProps {
  readonly obstacle: SignObstacle | undefined
  readonly isActing: boolean
  readonly onSign: (conclusion: string) => void
}

/** The form. */
export function SignForm({ obstacle, isActing, onSign }: SignFormProps) {
  const text = useText(reportText)
  const hintId = useId()
  const [conclusion, setConclusion] = useState('')
  return (
    <form
      className={styles.sign}
      onSubmit={(event) => {
        event.preventDefault()
        onSign(conclusion)
      }}
    >
      <Textarea
        autosize
        aria-describedby={hintId}
        label={text.conclusion}
        maxLength={10_000}
        minRows={2}
        onChange={(event) => setConclusion(event.currentTarget.value)}
        value={conclusion}
      />
      <p className="quiet" id={hintId}>
        {text.conclusionHint}
      </p>
      {obstacle === undefined ? null : <p className="quiet">{text[`obstacle.${obstacle}`]}</p>}
      <Button disabled={obstacle !== undefined || isActing} type="submit">
        {text.sign}
      </Button>
    </form>
  )
}
