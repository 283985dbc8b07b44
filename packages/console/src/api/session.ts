// Who is signed in, and the people of the demo, as the gateway tells it.
import type { Request } from './client.ts'
import { Failure } from './failure.ts'

/** A role as the gateway knows it. */
export type Role =
  | 'system'
  | 'admin'
  | 'clinician'
  | 'radiologist'
  | 'pharmacist'
  | 'patient'
  | 'compliance'
  | 'operator'
  | 'data-scientist'
  | 'frontend'

/** A person who can sign in at the demo. */
export interface Persona {
  readonly username: string
  readonly name: string
  readonly roles: readonly Role[]
}

/** The demo's people; empty where there is no demo. */
export interface Personas {
  readonly demo: boolean
  readonly personas: readonly Persona[]
  /** Whether people sign in at the identity service’s own page. */
  readonly oidc?: boolean
}

/** An open session. */
export interface Session {
  readonly csrfToken: string
  readonly expiresAt: string
  readonly caller: {
    readonly subject: string
    readonly name: string
    readonly roles: readonly Role[]
    /** Id of the own Patient, for the role `patient`. */
    readonly patient?: string
  }
}

/** What signing in takes. */
export type Credential = { readonly persona: string } | { readonly username: string; readonly password: string }

/** The open session, or null when nobody is signed in. */
export async function fetchSession(request: Request, signal: AbortSignal): Promise<Session | null> {
  try {
    return await request<Session>('/auth/session', { signal })
  } catch (error) {
    if (error instanceof Failure && error.kind === 'unauthenticated') return null
    throw error
  }
}

/** Opens a session. */
export function signIn(request: Request, credential: Credential): Promise<Session> {
  return request<Session>('/auth/sign-in', { method: 'POST', body: credential })
}

/** Ends the session. */
export function signOut(request: Request): Promise<void> {
  return request<void>('/auth/sign-out', { method: 'POST' })
}

/** The demo's people. */
export function fetchPersonas(request: Request, signal: AbortSignal): Promise<Personas> {
  return request<Personas>('/auth/personas', { signal })
}
