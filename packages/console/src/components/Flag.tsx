// How a value lies against what is expected: an arrow and a word, never colour alone; red only for critical values.
import type { Flag as FlagKind } from '../clinical/values.ts'
import styles from './Flag.module.css'
import { Icon, type IconName } from './Icon.tsx'

const icons: Readonly<Record<Exclude<FlagKind, 'normal'>, IconName>> = {
  low: 'arrowDown',
  high: 'arrowUp',
  'critical-low': 'warning',
  'critical-high': 'warning',
  abnormal: 'warning',
}

/** Shows a flag; normal values carry none. */
export function Flag({ flag, words }: { readonly flag: FlagKind | undefined; readonly words: string }) {
  if (flag === undefined || flag === 'normal') return null
  return (
    <span className={styles.flag} data-critical={flag.startsWith('critical') || undefined}>
      <Icon name={icons[flag]} sizePx={14} />
      {words}
    </span>
  )
}
