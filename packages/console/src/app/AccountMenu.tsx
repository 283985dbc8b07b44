// Who is signed in, and the way out; on a phone also language and colours.
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { nameFor } from '../clinical/names.ts'
import { Icon } from '../components/Icon.tsx'
import { fill } from '../language/fill.ts'
import { useLanguage, useText } from '../language/LanguageProvider.tsx'
import styles from './AccountMenu.module.css'
import { ColourSwitch, LanguageSwitch } from './Preferences.tsx'
import { useCaller, useSignOut } from './session.ts'
import { shellText } from './text.ts'
import { useClosing } from './use-closing.ts'

/** The account's button and what it opens. */
export function AccountMenu() {
  const text = useText(shellText)
  const { language } = useLanguage()
  const caller = useCaller()
  const signOut = useSignOut()
  const [isOpen, setOpen] = useState(false)
  const place = useClosing(isOpen, () => setOpen(false))
  const name = nameFor(language, caller.name)
  return (
    <div className={styles.account} ref={place}>
      <button
        aria-expanded={isOpen}
        aria-label={fill(text.account, { name })}
        className={styles.button}
        onClick={() => setOpen(!isOpen)}
        type="button"
      >
        <Icon name="person" />
        <span className={styles.name}>{name}</span>
      </button>
      {isOpen ? (
        <div className={styles.menu}>
          <div className={styles.who}>
            <strong>{name}</strong>
            <span>{caller.roles.map((role) => text[`role.${role}`]).join(' · ')}</span>
          </div>
          <div className={styles.switches}>
            <LanguageSwitch />
            <ColourSwitch />
          </div>
          <Link className={styles.leave} onClick={() => setOpen(false)} to="/account">
            <Icon name="person" />
            {text.ownAccount}
          </Link>
          <button className={styles.leave} onClick={() => void signOut()} type="button">
            <Icon name="leave" />
            {text.signOut}
          </button>
        </div>
      ) : null}
    </div>
  )
}
