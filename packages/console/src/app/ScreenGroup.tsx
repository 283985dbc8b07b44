// A group of screens in the main navigation: a button that opens the list of them; arrow keys go along it.
import { Link, useLocation } from '@tanstack/react-router'
import { type KeyboardEvent, useId, useState } from 'react'
import { Icon, type IconName } from '../components/Icon.tsx'
import { useText } from '../language/LanguageProvider.tsx'
import styles from './MainNavigation.module.css'
import { addressOf, type ScreenGroup as Group, isUnderAddress } from './navigation.ts'
import { useCaller } from './session.ts'
import { shellText } from './text.ts'
import { useClosing } from './use-closing.ts'

const icons: Readonly<Record<Group['name'], IconName>> = {
  clinical: 'people',
  research: 'network',
  running: 'pulse',
  administration: 'shield',
}

const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 }

// Button and links in turn; past either end it goes on at the other.
function goAlong(event: KeyboardEvent<HTMLElement>): void {
  const step = steps[event.key]
  if (step === undefined) return
  event.preventDefault()
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('button, a')]
  const { activeElement } = document
  const at = activeElement instanceof HTMLElement ? all.indexOf(activeElement) : -1
  all[(at + step + all.length) % all.length]?.focus()
}

/** The group. */
export function ScreenGroup({ group }: { readonly group: Group }) {
  const text = useText(shellText)
  const caller = useCaller()
  const id = useId()
  const { pathname } = useLocation()
  const [isOpen, setOpen] = useState(false)
  const place = useClosing(isOpen, () => setOpen(false))
  const isCurrent = group.screens.some((screen) => isUnderAddress(pathname, addressOf(screen, caller)))
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are an addition to the button and links within
    <div className={styles.group} onKeyDown={isOpen ? goAlong : undefined} ref={place}>
      <button
        aria-controls={isOpen ? id : undefined}
        aria-expanded={isOpen}
        className={styles.link}
        data-current={isCurrent || undefined}
        onClick={() => setOpen(!isOpen)}
        type="button"
      >
        <Icon name={icons[group.name]} />
        {text[`group.${group.name}`]}
      </button>
      {isOpen ? (
        <ul className={styles.menu} id={id}>
          {group.screens.map((screen) => (
            <li key={screen}>
              <Link className={styles.item} onClick={() => setOpen(false)} to={addressOf(screen, caller)}>
                {text[screen]}
              </Link>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}
