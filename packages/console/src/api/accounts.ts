// Users, apps and backend services as the identity service administers them; and the apps that the signed-in person allowed.
import type { Request } from './client.ts'
import type { Role } from './session.ts'

/** A user. */
export interface User {
  readonly username: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly patient?: string
  readonly actor?: string
  readonly enabled: boolean
  readonly demo: boolean
  readonly version: number
  readonly signedInAt?: string
}

/** What a form sends about a user. */
export interface UserWish {
  readonly name: string
  readonly roles: readonly Role[]
  readonly patient?: string
  readonly actor?: string
  readonly enabled: boolean
}

/** How a client proves who it is. */
export type ClientKind = 'public' | 'confidential' | 'asymmetric' | 'backend'

/** An app or a backend service. */
export interface AppClient {
  readonly id: string
  readonly kind: ClientKind
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly scopes: readonly string[]
  readonly roles: readonly Role[]
  readonly jwks?: unknown
  readonly jwksUri?: string
  readonly enabled: boolean
  readonly version: number
}

/** What a form sends about a client. */
export type ClientWish = Omit<AppClient, 'version' | 'enabled'>

/** An app that the person gave access. */
export interface AppAccess {
  readonly grant: string
  readonly client: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly patient?: string
  readonly grantedAt: string
}

const base = '/api/v1/identity'
const pageLength = 100
const tagOf = ({ version }: { readonly version: number }): string => `W/"${version}"`

/** The first hundred users by name, those whose name contains a text. */
export async function fetchUsers(request: Request, query: string, signal: AbortSignal): Promise<readonly User[]> {
  const search = new URLSearchParams({ limit: String(pageLength), q: query })
  const { users } = await request<{ readonly users: readonly User[] }>(`${base}/users?${search}`, { signal })
  return users
}

/** Adds a user. */
export function addUser(
  request: Request,
  { enabled: _new, ...wish }: UserWish & { readonly username: string; readonly password: string },
): Promise<User> {
  return request(`${base}/users`, { method: 'POST', body: wish })
}

/** Changes a user; refused when somebody else changed it since it was read. */
export function changeUser(request: Request, user: User, wish: UserWish): Promise<User> {
  const path = `${base}/users/${encodeURIComponent(user.username)}`
  return request(path, { method: 'PUT', body: wish, ifMatch: tagOf(user) })
}

/** Gives a user a new password. */
export function setPassword(request: Request, username: string, password: string): Promise<void> {
  return request(`${base}/users/${encodeURIComponent(username)}/password`, { method: 'PUT', body: { password } })
}

/** The first hundred apps and backend services. */
export async function fetchClients(request: Request, signal: AbortSignal): Promise<readonly AppClient[]> {
  const path = `${base}/clients?limit=${pageLength}`
  const { clients } = await request<{ readonly clients: readonly AppClient[] }>(path, { signal })
  return clients
}

/** Registers a client; a secret is told this once. */
export function addClient(request: Request, wish: ClientWish): Promise<{ readonly secret?: string }> {
  return request(`${base}/clients`, { method: 'POST', body: wish })
}

/** Lets a client in or no more; refused when somebody else changed it since it was read. */
export function enableClient(request: Request, client: AppClient, enabled: boolean): Promise<AppClient> {
  const { id, kind, name, redirectUris, scopes, roles, jwks, jwksUri } = client
  const body = {
    ...{ kind, name, redirectUris, scopes, roles, enabled },
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
  }
  return request(`${base}/clients/${encodeURIComponent(id)}`, { method: 'PUT', body, ifMatch: tagOf(client) })
}

/** The apps that the signed-in person gave access. */
export async function fetchApps(request: Request, signal: AbortSignal): Promise<readonly AppAccess[]> {
  const { apps } = await request<{ readonly apps: readonly AppAccess[] }>(`${base}/me/apps`, { signal })
  return apps
}

/** Takes an app's access back. */
export function endAccess(request: Request, grant: string): Promise<void> {
  return request(`${base}/me/apps/${encodeURIComponent(grant)}`, { method: 'DELETE' })
}

/** Changes the own password; every session ends. */
export function changeOwnPassword(
  request: Request,
  body: { readonly current: string; readonly password: string },
): Promise<void> {
  return request(`${base}/me/password`, { method: 'PUT', body })
}
