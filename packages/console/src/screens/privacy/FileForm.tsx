// Sends a file: chosen, sent, and what went wrong said beside it.
import { Button } from '@mantine/core'
import { type ReactNode, useId, useRef } from 'react'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import styles from './Privacy.module.css'
import { useSend } from './private-queries.ts'

interface FileFormProps {
  readonly label: string
  readonly action: string
  readonly address: () => string
  /** Further fields. */
  readonly children?: ReactNode
}

/** The form. */
export function FileForm({ label, action, address, children }: FileFormProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const send = useSend()
  const submit = (): void => {
    const file = input.current?.files?.[0]
    if (file === undefined) return // the browser asks for one
    send.mutate(
      { address: address(), file },
      {
        onSuccess: () => {
          if (input.current !== null) input.current.value = ''
        },
      },
    )
  }
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <div className={styles.file}>
        <label htmlFor={id}>{label}</label>
        <input id={id} ref={input} required type="file" />
      </div>
      {children}
      <Button disabled={send.isPending} type="submit" variant="default">
        {action}
      </Button>
      {send.error === null ? null : (
        <div className={styles.wide}>
          <FailurePanel error={send.error} isCompact />
        </div>
      )}
    </form>
  )
}
