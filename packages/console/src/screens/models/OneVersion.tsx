// One version: its figures, where it comes from, its stage, and its card.
import { EmptyState } from '../../components/EmptyState.tsx'
import { Section } from '../../components/Section.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { StageMark } from './Marks.tsx'
import { ModelCard } from './ModelCard.tsx'
import styles from './Models.module.css'
import { useVersion } from './model-queries.ts'
import { StageChange } from './StageChange.tsx'
import { modelsText } from './text.ts'
import { Figures, Origin } from './VersionFacts.tsx'

interface OneVersionProps {
  readonly model: string
  readonly version: number
}

/** The version. */
export function OneVersion({ model, version }: OneVersionProps) {
  const text = useText(modelsText)
  const asked = useVersion(model, version)
  const empty = <EmptyState reason={text.noVersionsReason} title={text.noVersions} />
  const never = (): boolean => false
  const shared = { asked, empty, isEmpty: never, loading: text.loadingVersion }
  return (
    <div className={styles.columns}>
      <div className={styles.column}>
        <Section
          {...shared}
          aside={asked.data === undefined ? null : <StageMark stage={asked.data.stage} />}
          title={fill(text.one, { model, version })}
        >
          {(detail) => (
            <>
              <Figures metrics={detail.metrics} />
              <StageChange model={model} version={detail} />
            </>
          )}
        </Section>
        <Section {...shared} title={text.origin}>
          {(detail) => (
            <div className={styles.body}>
              <Origin version={detail} />
            </div>
          )}
        </Section>
      </div>
      <Section {...shared} title={text.card}>
        {(detail) => (
          <div className={styles.body}>
            <ModelCard card={detail.card} />
          </div>
        )}
      </Section>
    </div>
  )
}
