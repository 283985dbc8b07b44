// The screens that the signed-in person is offered: in the top bar, or at the bottom edge of a phone; many of them in groups.
import { Link } from '@tanstack/react-router'
import { Icon, type IconName } from '../components/Icon.tsx'
import { useText } from '../language/LanguageProvider.tsx'
import styles from './MainNavigation.module.css'
import { addressOf, groupsFor, type ScreenName, screensFor } from './navigation.ts'
import { ScreenGroup } from './ScreenGroup.tsx'
import { useCaller } from './session.ts'
import { shellText } from './text.ts'

const icons: Readonly<Record<ScreenName, IconName>> = {
  patients: 'people',
  imaging: 'image',
  'own-record': 'person',
  triage: 'check',
  audit: 'shield',
  accounts: 'people',
  federations: 'network',
  models: 'layers',
  operations: 'layers',
  private: 'lock',
  traces: 'network',
  system: 'pulse',
}

function ScreenLink({ screen }: { readonly screen: ScreenName }) {
  const text = useText(shellText)
  return (
    <Link className={styles.link} to={addressOf(screen, useCaller())}>
      <Icon name={icons[screen]} />
      {text[screen]}
    </Link>
  )
}

/** The main navigation. */
export function MainNavigation() {
  const text = useText(shellText)
  const { roles } = useCaller()
  const screens = screensFor(roles)
  const groups = groupsFor(roles)
  return (
    <nav aria-label={text.navigation} className={styles.navigation} data-single={screens.length === 1 || undefined}>
      {groups === undefined
        ? screens.map((screen) => <ScreenLink key={screen} screen={screen} />)
        : groups.map((group) => <ScreenGroup group={group} key={group.name} />)}
    </nav>
  )
}
