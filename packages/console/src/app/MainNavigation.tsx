// The screens that the signed-in person is offered: in the top bar, or at the bottom edge of a phone.
import { Link } from '@tanstack/react-router'
import { Icon, type IconName } from '../components/Icon.tsx'
import { useText } from '../language/LanguageProvider.tsx'
import styles from './MainNavigation.module.css'
import { addressOf, type ScreenName, screensFor } from './navigation.ts'
import { useCaller } from './session.ts'
import { shellText } from './text.ts'

const icons: Readonly<Record<ScreenName, IconName>> = {
  patients: 'people',
  imaging: 'image',
  'own-record': 'person',
  triage: 'check',
  audit: 'shield',
  federations: 'network',
  models: 'layers',
  operations: 'layers',
  private: 'lock',
  traces: 'network',
  system: 'pulse',
}

/** The main navigation. */
export function MainNavigation() {
  const text = useText(shellText)
  const caller = useCaller()
  const screens = screensFor(caller.roles)
  return (
    <nav aria-label={text.navigation} className={styles.navigation} data-single={screens.length === 1 || undefined}>
      {screens.map((screen) => (
        <Link className={styles.link} key={screen} to={addressOf(screen, caller)}>
          <Icon name={icons[screen]} />
          {text[screen]}
        </Link>
      ))}
    </nav>
  )
}
