// Changing the stage of a version: what may follow, a question before it counts, and what came of it.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { ModelVersion, Stage } from '../../api/models.ts'
import { useCaller } from '../../app/session.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Models.module.css'
import { useStageChange } from './model-queries.ts'
import { nextStages } from './model-view.ts'
import { modelsText } from './text.ts'

interface StageChangeProps {
  readonly model: string
  readonly version: ModelVersion
}

const changers = ['data-scientist', 'operator', 'admin', 'system'] as const

/** The buttons; nothing for those who may not change a stage. */
export function StageChange({ model, version }: StageChangeProps) {
  const text = useText(modelsText)
  const { roles } = useCaller()
  const change = useStageChange(model)
  const [asked, setAsked] = useState<Stage | undefined>(undefined)
  if (!changers.some((role) => roles.includes(role))) return null
  const begin = (stage: Stage): void => {
    setAsked(undefined)
    change.mutate({ version, stage })
  }
  const question = asked === 'production' ? text.confirmProduction : text.confirmArchive
  return (
    <div className={styles.body}>
      {asked === undefined ? (
        <fieldset aria-label={text.changeStage} className={styles.actions}>
          {nextStages(version).map((stage) => (
            <Button
              disabled={change.isPending}
              key={stage}
              onClick={() => (stage === 'staging' ? begin(stage) : setAsked(stage))}
              variant={stage === 'production' ? 'filled' : 'default'}
            >
              {stage === 'none' ? text['stage.none'] : text[`to.${stage}`]}
            </Button>
          ))}
        </fieldset>
      ) : (
        <div role="alert">
          <p>{fill(question, { version: version.version })}</p>
          <div className={styles.actions}>
            <Button onClick={() => begin(asked)}>{text.confirm}</Button>
            <Button onClick={() => setAsked(undefined)} variant="default">
              {text.keep}
            </Button>
          </div>
        </div>
      )}
      {change.data === undefined ? null : (
        <p role="status">
          {fill(text.changed, { version: change.data.version, stage: text[`stage.${change.data.stage}`] })}
        </p>
      )}
      {change.error === null ? null : <FailurePanel error={change.error} isCompact />}
    </div>
  )
}
