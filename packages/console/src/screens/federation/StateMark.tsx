// Where a federation stands: a word with a mark.
import type { FederationState } from '../../api/federations.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Federation.module.css'
import { federationText } from './text.ts'

/** Shows a state. */
export function StateMark({ state }: { readonly state: FederationState }) {
  const text = useText(federationText)
  return (
    <span className={styles.state} data-state={state}>
      {text[`state.${state}`]}
    </span>
  )
}
