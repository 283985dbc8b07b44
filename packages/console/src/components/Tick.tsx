// A native checkbox with its label, for lists of choices in forms.
import type { ReactNode } from 'react'
import styles from './Tick.module.css'

interface TickProps {
  readonly name: string
  readonly value?: string
  readonly isTicked: boolean
  readonly children: ReactNode
}

/** The checkbox; a form reads it by name. */
export function Tick({ name, value, isTicked, children }: TickProps) {
  return (
    <label className={styles.tick}>
      <input defaultChecked={isTicked} name={name} type="checkbox" {...(value === undefined ? {} : { value })} />
      {children}
    </label>
  )
}
