// One question a page: the question, why it is asked, three answers, and the way back.
import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Triage.module.css'
import { triageText } from './text.ts'
import type { Interview, Reply } from './triage-api.ts'
import { useStep } from './triage-queries.ts'

const replies: readonly Reply[] = ['yes', 'no', 'unknown']

function Finish({
  interview,
  onFinish,
  isPending,
}: {
  readonly interview: Interview
  readonly onFinish: () => void
  readonly isPending: boolean
}) {
  const text = useText(triageText)
  const { level } = interview.urgency
  const isUrgent = level === 'ambulance' || level === 'emergency'
  return (
    <>
      <p className={styles.question} role="status">
        {isUrgent ? text.urgentNow : text.enough}
      </p>
      <Button className={styles.wide} disabled={isPending} onClick={onFinish} size="lg">
        {isPending ? text.finishing : text.finish}
      </Button>
    </>
  )
}

/** The page of an open interview. */
export function Question({ interview }: { readonly interview: Interview }) {
  const text = useText(triageText)
  const { language } = useLanguage()
  const step = useStep(interview.id)
  const heading = useRef<HTMLHeadingElement>(null)
  const { question, progress } = interview
  const finding = question?.finding
  useEffect(() => {
    // A new question is read from its beginning.
    if (finding !== undefined) heading.current?.focus({ preventScroll: true })
  }, [finding])
  return (
    <section aria-busy={step.isPending} className={styles.card}>
      {question === null ? (
        <Finish interview={interview} isPending={step.isPending} onFinish={() => step.mutate({ kind: 'finish' })} />
      ) : (
        <>
          <p className={styles.quiet}>{fill(text.question, { number: progress.asked + 1, most: progress.most })}</p>
          <progress aria-hidden="true" className={styles.progress} max={progress.most} value={progress.asked} />
          <h2 className={styles.question} ref={heading} tabIndex={-1}>
            {question.text[language]}
          </h2>
          <details className={styles.why}>
            <summary>{text.why}</summary>
            <p>{question.why[language]}</p>
          </details>
          <div className={styles.replies}>
            {replies.map((reply) => (
              <Button
                className={styles.wide}
                disabled={step.isPending}
                key={reply}
                onClick={() => step.mutate({ kind: 'answer', finding: question.finding, reply })}
                size="lg"
                variant="default"
              >
                {text[reply]}
              </Button>
            ))}
          </div>
        </>
      )}
      <p aria-live="polite" className={styles.quiet}>
        {step.isPending ? text.sending : ''}
      </p>
      {step.isError ? <FailurePanel error={step.error} isCompact /> : null}
      <div className={styles.ways}>
        {progress.asked === 0 ? null : (
          <Button
            className={styles.target}
            disabled={step.isPending}
            onClick={() => step.mutate({ kind: 'back' })}
            variant="default"
          >
            {text.back}
          </Button>
        )}
        {question === null ? null : (
          <Button
            className={styles.target}
            disabled={step.isPending}
            onClick={() => step.mutate({ kind: 'finish' })}
            variant="default"
          >
            {text.giveUp}
          </Button>
        )}
      </div>
    </section>
  )
}
