// One user: name, roles and state; and a new password.
import { Button } from '@mantine/core'
import { Fragment, useRef } from 'react'
import type { User } from '../../api/accounts.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { NewPasswordField } from '../../components/NewPasswordField.tsx'
import { Tick } from '../../components/Tick.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Accounts.module.css'
import { useChangeUser, useSetPassword } from './account-queries.ts'
import { userWish } from './account-view.ts'
import { accountsText } from './text.ts'
import { UserFields } from './UserFields.tsx'

function PasswordForm({ username }: { readonly username: string }) {
  const text = useText(accountsText)
  const form = useRef<HTMLFormElement>(null)
  const change = useSetPassword(username)
  return (
    <form
      aria-label={text.newPassword}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        const password = String(new FormData(event.currentTarget).get('password') ?? '')
        change.mutate(password, { onSuccess: () => form.current?.reset() })
      }}
      ref={form}
    >
      <NewPasswordField hint={text.passwordHint} label={text.newPassword} />
      <div>
        <Button disabled={change.isPending} type="submit" variant="default">
          {text.setPassword}
        </Button>
      </div>
      <div className={styles.wide}>
        {change.isSuccess ? <p role="status">{fill(text.passwordSet, { username })}</p> : null}
        {change.error === null ? null : <FailurePanel error={change.error} isCompact />}
      </div>
    </form>
  )
}

/** The forms. */
export function OneUser({ user }: { readonly user: User }) {
  const text = useText(accountsText)
  const change = useChangeUser(user)
  const { username } = user
  return (
    <>
      <form
        aria-label={fill(text.changeUser, { username })}
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate(userWish(new FormData(event.currentTarget)))
        }}
      >
        <Fragment key={user.version}>
          <UserFields user={user} />
          <div className={styles.wide}>
            <Tick isTicked={user.enabled} name="enabled">
              {text.mayEnter}
            </Tick>
          </div>
        </Fragment>
        <div className={styles.wide}>
          <Button disabled={change.isPending} type="submit">
            {text.save}
          </Button>
          {change.isSuccess ? <p role="status">{fill(text.saved, { username })}</p> : null}
          {change.error === null ? null : <FailurePanel error={change.error} isCompact />}
        </div>
      </form>
      {user.demo ? null : <PasswordForm username={username} />}
    </>
  )
}
