// Which screens a role is offered. The server decides what may be seen; this only spares people dead ends (pure).
import type { Role, Session } from '../api/session.ts'

/** A screen of the main navigation. */
export type ScreenName =
  | 'patients'
  | 'imaging'
  | 'own-record'
  | 'triage'
  | 'audit'
  | 'accounts'
  | 'federations'
  | 'models'
  | 'operations'
  | 'private'
  | 'traces'
  | 'system'

/** What screens are for; `running` is the care of the running system. */
export type GroupName = 'clinical' | 'research' | 'running' | 'administration'

/** Screens that stand together in the navigation. */
export interface ScreenGroup {
  readonly name: GroupName
  readonly screens: readonly ScreenName[]
}

interface Screen {
  readonly name: ScreenName
  readonly group: GroupName
  readonly roles: readonly Role[]
}

const mostSideBySide = 5
const groupOrder: readonly GroupName[] = ['clinical', 'research', 'running', 'administration']

const screens: readonly Screen[] = [
  {
    name: 'patients',
    group: 'clinical',
    roles: ['clinician', 'radiologist', 'pharmacist', 'frontend', 'admin', 'system'],
  },
  { name: 'imaging', group: 'clinical', roles: ['radiologist', 'clinician', 'admin', 'system'] },
  { name: 'own-record', group: 'clinical', roles: ['patient'] },
  { name: 'triage', group: 'clinical', roles: ['patient', 'clinician', 'admin', 'system'] },
  { name: 'audit', group: 'administration', roles: ['compliance', 'admin', 'system'] },
  { name: 'federations', group: 'research', roles: ['data-scientist', 'admin', 'system'] },
  { name: 'models', group: 'research', roles: ['data-scientist', 'operator', 'admin', 'system'] },
  { name: 'operations', group: 'running', roles: ['operator', 'admin', 'system'] },
  { name: 'private', group: 'research', roles: ['data-scientist', 'admin', 'system'] },
  { name: 'traces', group: 'running', roles: ['operator', 'compliance', 'admin', 'system'] },
  { name: 'system', group: 'running', roles: ['operator', 'data-scientist', 'compliance', 'admin', 'system'] },
  { name: 'accounts', group: 'administration', roles: ['admin'] },
]

/** The screens that somebody with these roles is offered, in order; never empty. */
export function screensFor(roles: readonly Role[]): readonly ScreenName[] {
  const isStaff = roles.some((role) => role !== 'patient')
  const offered = screens
    .filter((screen) => screen.roles.some((role) => roles.includes(role)))
    .filter(({ name }) => name !== 'own-record' || !isStaff)
    .map(({ name }) => name)
  return offered.length > 0 ? offered : ['system']
}

/**
 * The same screens in groups; undefined where they are so few that they stand side by side.
 * Who has few screens finds them at a glance; a bar of more does not fit a phone.
 */
export function groupsFor(roles: readonly Role[]): readonly ScreenGroup[] | undefined {
  const offered = screensFor(roles)
  if (offered.length <= mostSideBySide) return undefined
  const byGroup = Map.groupBy(
    screens.filter(({ name }) => offered.includes(name)),
    ({ group }) => group,
  )
  return groupOrder.flatMap((name) => {
    const own = byGroup.get(name) ?? []
    return own.length === 0 ? [] : [{ name, screens: own.map((screen) => screen.name) }]
  })
}

/** Address of a screen, without the console's base path. */
export function addressOf(screen: ScreenName, caller: Session['caller']): string {
  switch (screen) {
    case 'patients':
      return '/patients'
    case 'imaging':
      return '/imaging'
    case 'own-record':
      return caller.patient === undefined ? '/system' : `/patients/${encodeURIComponent(caller.patient)}`
    case 'triage':
      return '/triage'
    case 'audit':
      return '/audit'
    case 'accounts':
      return '/accounts'
    case 'federations':
      return '/federations'
    case 'models':
      return '/models'
    case 'operations':
      return '/operations'
    case 'private':
      return '/private'
    case 'traces':
      return '/traces'
    case 'system':
      return '/system'
    default:
      return screen satisfies never
  }
}

/** Whether a path is a screen's address or below it. */
export function isUnderAddress(path: string, address: string): boolean {
  return path === address || path.startsWith(`${address}/`)
}

/** Where somebody starts after signing in. */
export function homeOf(caller: Session['caller']): string {
  return addressOf(screensFor(caller.roles)[0] ?? 'system', caller)
}

/**
 * The address to go to after signing in: only one of our own pages, so that a forged link cannot lead elsewhere.
 * @param next path without the base, as kept in the sign-in page's address
 */
export function safeNext(next: string | undefined): string | undefined {
  return next !== undefined &&
    /^\/(?:patients|imaging|triage|audit|federations|models|operations|private|accounts|account|traces|system)(?:[/?]|$)/.test(
      next,
    ) &&
    !next.includes('\\')
    ? next
    : undefined
}
