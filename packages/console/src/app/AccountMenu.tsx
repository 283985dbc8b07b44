// Who is signed in, and the way out; on a phone also language and colours.
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { nameFor } from '../clinical/names.ts'
import { Icon } from '../components/Icon.tsx'
import { fill } from '../language/fill.ts'
import { useLanguage, useText } from '../language/LanguageProvider.tsx'
import styles from './AccountMenu.module.css'
import { ColourSwitch, LanguageSwitch } from './Preferences.tsx'
import { useCaller, useSignOut } from './session.ts'
import { shellText } from './text.ts'

// Closes on Escape, on a click elsewhere, and when the focus leaves.
function useClosing(isOpen: boolean, close: () => void) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      close()
      place.current?.querySelector('button')?.focus()
    }
    const onAway = (event: Event): void => {
      if (event.target instanceof Node && place.current?.contains(event.target) === false) close()
    }
    document.addEventListener('keydown', onKey)
    document.addEventListener('pointerdown', onAway)
    document.addEventListener('focusin', onAway)
    return () => {
      document.removeEventListener('keydown', onKey)
      document.removeEventListener('pointerdown', onAway)
      document.removeEventListener('focusin', onAway)
    }
  }, [isOpen, close])
  return place
}

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
          {caller.roles.includes('admin') ? (
            <Link className={styles.leave} onClick={() => setOpen(false)} to="/accounts">
              <Icon name="people" />
              {text.accounts}
            </Link>
          ) : null}
          <button className={styles.leave} onClick={() => void signOut()} type="button">
            <Icon name="leave" />
            {text.signOut}
          </button>
        </div>
      ) : null}
    </div>
  )
}
