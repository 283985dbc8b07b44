// User name and password.
import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './SignIn.module.css'
import { signInText } from './text.ts'

interface PasswordFormProps {
  readonly isBusy: boolean
  /** Folded away where the people of the demonstration stand above. */
  readonly isFolded: boolean
  readonly onSubmit: (credential: { readonly username: string; readonly password: string }) => void
}

function Form({ isBusy, onSubmit }: Omit<PasswordFormProps, 'isFolded'>) {
  const text = useText(signInText)
  const [isMissing, setMissing] = useState(false)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const sent = new FormData(event.currentTarget)
    const username = String(sent.get('username') ?? '').trim()
    const password = String(sent.get('password') ?? '')
    setMissing(username === '' || password === '')
    if (username !== '' && password !== '') onSubmit({ username, password })
  }
  return (
    <form className={styles.form} noValidate onSubmit={submit}>
      {isMissing ? (
        <p className={styles.refusal} role="alert">
          {text.missing}
        </p>
      ) : null}
      <TextInput autoCapitalize="none" autoComplete="username" label={text.username} maxLength={200} name="username" />
      <TextInput
        autoComplete="current-password"
        label={text.password}
        maxLength={200}
        name="password"
        type="password"
      />
      <Button className={styles.submit} disabled={isBusy} type="submit">
        {isBusy ? text.submitting : text.submit}
      </Button>
    </form>
  )
}

/** The form, folded or open. */
export function PasswordForm({ isFolded, ...form }: PasswordFormProps) {
  const text = useText(signInText)
  if (isFolded) {
    return (
      <details className={styles.section}>
        <summary className={styles.fold}>{text.demoForm}</summary>
        <Form {...form} />
      </details>
    )
  }
  return (
    <section aria-labelledby="own" className={styles.section}>
      <h2 id="own">{text.ownTitle}</h2>
      <Form {...form} />
    </section>
  )
}
