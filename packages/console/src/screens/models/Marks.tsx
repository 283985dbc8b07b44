// Where a version and a model stand: words with a colour that says the same.
import type { Stage } from '../../api/models.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Models.module.css'
import type { ServerState } from './model-view.ts'
import { modelsText } from './text.ts'

const stageTones: Readonly<Record<Stage, string>> = {
  none: 'quiet',
  staging: 'primary',
  production: 'good',
  archived: 'quiet',
}
const stateTones: Readonly<Record<ServerState, string>> = { ready: 'good', unavailable: 'danger', unloaded: 'quiet' }

/** Shows a stage. */
export function StageMark({ stage }: { readonly stage: Stage }) {
  const text = useText(modelsText)
  return (
    <span className={styles.mark} data-tone={stageTones[stage]}>
      {text[`stage.${stage}`]}
    </span>
  )
}

/** Shows how the server stands to a model. */
export function StateMark({ state }: { readonly state: ServerState }) {
  const text = useText(modelsText)
  return (
    <span className={styles.mark} data-tone={stateTones[state]}>
      {text[`state.${state}`]}
    </span>
  )
}
