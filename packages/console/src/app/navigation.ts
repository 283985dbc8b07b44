// Which screens a role is offered. The server decides what may be seen; this only spares people dead ends (pure).
import type { Role, Session } from '../api/session.ts'

/** A screen of the main navigation. */
export type ScreenName =
  | 'patients'
  | 'imaging'
  | 'own-record'
  | 'triage'
  | 'audit'
  | 'federations'
  | 'models'
  | 'operations'
  | 'private'
  | 'traces'
  | 'system'

interface Screen {
  readonly name: ScreenName
  readonly roles: readonly Role[]
}

const screens: readonly Screen[] = [
  { name: 'patients', roles: ['clinician', 'radiologist', 'pharmacist', 'frontend', 'admin', 'system'] },
  { name: 'imaging', roles: ['radiologist', 'clinician', 'admin', 'system'] },
  { name: 'own-record', roles: ['patient'] },
  { name: 'triage', roles: ['patient', 'clinician', 'admin', 'system'] },
  { name: 'audit', roles: ['compliance', 'admin', 'system'] },
  { name: 'federations', roles: ['data-scientist', 'admin', 'system'] },
  { name: 'models', roles: ['data-scientist', 'operator', 'admin', 'system'] },
  { name: 'operations', roles: ['operator', 'admin', 'system'] },
  { name: 'private', roles: ['data-scientist', 'admin', 'system'] },
  { name: 'traces', roles: ['operator', 'compliance', 'admin', 'system'] },
  { name: 'system', roles: ['operator', 'data-scientist', 'compliance', 'admin', 'system'] },
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
