// The frame around the screens: top bar, navigation, and what is shown while a screen opens or when it fails.
import { Skeleton } from '@mantine/core'
import { type ErrorComponentProps, Link, Outlet, useRouter } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { FailurePanel } from '../components/FailurePanel.tsx'
import { Icon } from '../components/Icon.tsx'
import { PageTitle } from '../components/PageTitle.tsx'
import { useText } from '../language/LanguageProvider.tsx'
import { AccountMenu } from './AccountMenu.tsx'
import { LiveStatus } from './LiveStatus.tsx'
import { MainNavigation } from './MainNavigation.tsx'
import { Mark } from './Mark.tsx'
import { ColourSwitch, LanguageSwitch } from './Preferences.tsx'
import styles from './Shell.module.css'
import { useCaller } from './session.ts'
import { shellText } from './text.ts'
import { useIdleSignOut } from './use-idle-sign-out.ts'

const CommandBar = lazy(() => import('./command/CommandBar.tsx').then((module) => ({ default: module.CommandBar })))

function useCommandKey(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== 'k') return
      event.preventDefault()
      open()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [open])
}

/** The frame of the screens behind the sign-in. */
export function Shell() {
  const text = useText(shellText)
  const caller = useCaller()
  const [isCommanding, setCommanding] = useState(false)
  const openCommand = useCallback(() => setCommanding(true), [])
  useCommandKey(openCommand)
  useIdleSignOut()
  const isPatient = caller.roles.every((role) => role === 'patient')
  return (
    <div className={styles.shell} data-audience={isPatient ? 'patient' : 'staff'}>
      <a className={styles.skip} href="#content">
        {text.skip}
      </a>
      <header className={styles.bar}>
        <Link aria-label={text.product} className={styles.brand} to="/">
          <Mark />
          <span className={styles.product}>{text.product}</span>
        </Link>
        <MainNavigation />
        <button aria-keyshortcuts="Control+K" className={styles.command} onClick={openCommand} type="button">
          <Icon name="search" />
          <span className={styles.commandText}>{text.command}</span>
          <kbd>Ctrl K</kbd>
        </button>
        <LiveStatus />
        <div className={styles.switches}>
          <LanguageSwitch />
          <ColourSwitch />
        </div>
        <AccountMenu />
      </header>
      <main className={styles.content} id="content" tabIndex={-1}>
        <Outlet />
      </main>
      {isCommanding ? (
        <Suspense fallback={null}>
          <CommandBar onClose={() => setCommanding(false)} />
        </Suspense>
      ) : null}
    </div>
  )
}

/** What is shown while a screen's program is on its way: the shape of a screen, never a spinner. */
export function ShellPending() {
  const text = useText(shellText)
  return (
    <div aria-busy="true" className={styles.pending}>
      <span className="visually-hidden" role="status">
        {text.loading}
      </span>
      <Skeleton h={26} w={180} />
      <Skeleton h={32} maw={520} />
      <Skeleton h={260} />
    </div>
  )
}

function useRetry(reset: () => void): () => void {
  const router = useRouter()
  return () => {
    reset()
    void router.invalidate()
  }
}

/** What is shown when a screen fails, inside the frame. */
export function RouteFailure({ error, reset }: ErrorComponentProps) {
  return <FailurePanel error={error} onRetry={useRetry(reset)} />
}

/** What is shown when nothing can be shown, not even the frame: the server is away at the first load. */
export function StartFailure({ error, reset }: ErrorComponentProps) {
  return (
    <main className={styles.alone}>
      <FailurePanel error={error} onRetry={useRetry(reset)} />
    </main>
  )
}

/** What is shown until it is known who is signed in. */
export function StartPending() {
  return (
    <main className={styles.alone}>
      <ShellPending />
    </main>
  )
}

/** What is shown for an address that leads nowhere. */
export function NotFound() {
  const text = useText(shellText)
  return (
    <main className={styles.alone}>
      <PageTitle tab={text.notFound}>{text.notFound}</PageTitle>
      <p>{text.notFoundReason}</p>
      <Link to="/">{text.goHome}</Link>
    </main>
  )
}
