// Adds a user.
import { Button, TextInput } from '@mantine/core'
import { useRef } from 'react'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { NewPasswordField } from '../../components/NewPasswordField.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Accounts.module.css'
import { useAddUser } from './account-queries.ts'
import { userWish } from './account-view.ts'
import { accountsText } from './text.ts'
import { UserFields } from './UserFields.tsx'

/** The form. */
export function AddUser() {
  const text = useText(accountsText)
  const form = useRef<HTMLFormElement>(null)
  const add = useAddUser()
  const submit = (sent: FormData): void => {
    const username = String(sent.get('username') ?? '').trim()
    const password = String(sent.get('password') ?? '')
    add.mutate({ ...userWish(sent), username, password }, { onSuccess: () => form.current?.reset() })
  }
  return (
    <form
      aria-label={text.addUser}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        submit(new FormData(event.currentTarget))
      }}
      ref={form}
    >
      <TextInput
        autoCapitalize="none"
        autoComplete="off"
        label={text.username}
        maxLength={64}
        name="username"
        required
      />
      <NewPasswordField hint={text.passwordHint} label={text.password} />
      <UserFields />
      <div className={styles.wide}>
        <Button disabled={add.isPending} type="submit">
          {text.add}
        </Button>
        {add.data === undefined ? null : <p role="status">{fill(text.added, { name: add.data.username })}</p>}
        {add.error === null ? null : <FailurePanel error={add.error} isCompact />}
      </div>
    </form>
  )
}
