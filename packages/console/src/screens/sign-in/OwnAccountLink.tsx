// The way to the identity service's own sign-in page, for people with an account of their own.
import { Button } from '@mantine/core'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './SignIn.module.css'
import { signInText } from './text.ts'

/** The link; it leaves the console and comes back signed in. */
export function OwnAccountLink() {
  const text = useText(signInText)
  return (
    <section aria-labelledby="own-account" className={styles.section}>
      <h2 id="own-account">{text.ownTitle}</h2>
      <Button className={styles.submit} component="a" href="/auth/oidc/sign-in">
        {text.ownPage}
      </Button>
    </section>
  )
}
