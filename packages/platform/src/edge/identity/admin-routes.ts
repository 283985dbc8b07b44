// HTTP of the administration: users and clients, for administrators alone.
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Caller } from '../../kernel/caller.ts'
import { type Account, personRoles, type StoredAccount } from './accounts/account.ts'
import type { Accounts } from './accounts/accounts.ts'
import {
  ChangedClient,
  ChangedUser,
  ClientPage,
  MadeClientAnswer,
  NewClient,
  NewPassword,
  NewUser,
  type PageAsked,
  PageQuery,
  RoleList,
  ShownClient,
  User,
  UserPage,
} from './admin-schemas.ts'
import type { Client, StoredClient } from './clients/client.ts'
import type { Clients } from './clients/clients.ts'

/** What the routes need. */
export interface AdminParts {
  readonly accounts: Accounts
  readonly clients: Clients
}

type Id = { readonly Params: { readonly id: string } }

const base = '/api/v1/identity'
const pageLength = 50
const bodyLimit = 65_536

/** @throws AppError 'forbidden' for everybody but an administrator who signed in as such */
function demandAdmin({ roles, scopes }: Caller): void {
  if (roles.includes('admin') && scopes.length === 0) return
  throw new AppError('forbidden', 'Users and clients are administered with the role admin')
}

async function adminOnly({ caller }: FastifyRequest): Promise<void> {
  demandAdmin(caller)
}

function expectedVersion({ headers }: FastifyRequest): number | undefined {
  const sent = headers['if-match']
  if (sent === undefined || sent === '*') return undefined
  const [, digits] = /^(?:W\/)?"(\d+)"$/.exec(sent) ?? []
  if (digits === undefined) throw new AppError('invalid-parameter', 'If-Match must be an ETag such as W/"3"')
  return Number(digits)
}

const tagged = (reply: FastifyReply, version: number): FastifyReply => reply.header('etag', `W/"${version}"`)

// A user in the words of the API.
function shownUser(account: StoredAccount): Static<typeof User> {
  const { username, name, roles, patient, actor, isEnabled, isDemo, version, createdAt, changedAt, signedInAt } =
    account
  return {
    username,
    name,
    roles: [...roles],
    ...(patient === undefined ? {} : { patient }),
    ...(actor === undefined ? {} : { actor }),
    enabled: isEnabled,
    demo: isDemo,
    version,
    createdAt: createdAt.toISOString(),
    changedAt: changedAt.toISOString(),
    ...(signedInAt === undefined ? {} : { signedInAt: signedInAt.toISOString() }),
  }
}

function shownClient(client: StoredClient): Static<typeof ShownClient> {
  const { id, name, kind, redirectUris, scopes, roles, jwks, jwksUri, isEnabled, version, createdAt, changedAt } =
    client
  return {
    id,
    kind,
    name,
    redirectUris: [...redirectUris],
    scopes: [...scopes],
    roles: [...roles],
    ...(jwks === undefined ? {} : { jwks: { keys: jwks.keys.map((key) => ({ ...key })) } }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    enabled: isEnabled,
    version,
    createdAt: createdAt.toISOString(),
    changedAt: changedAt.toISOString(),
  }
}

const accountOf = (username: string, { roles, ...fields }: Static<typeof ChangedUser>): Account =>
  // demandAccount looks at each role
  ({ username, ...fields, roles: roles as Account['roles'] })

const clientOf = (id: string, { roles, ...fields }: Static<typeof ChangedClient>): Client =>
  // demandClient looks at each role
  ({ id, ...fields, roles: roles as Client['roles'] })

function userRoutes({ accounts }: AdminParts): FastifyPluginAsync {
  return async (app) => {
    const paged = { preHandler: adminOnly, schema: { querystring: PageQuery, response: { 200: UserPage } } }
    app.get<{ Querystring: PageAsked }>(`${base}/users`, paged, async ({ query }, reply) => {
      const { q = '', after = '', limit = pageLength } = query
      const found = await accounts.list({ query: q, after, limit: limit + 1 })
      const users = found.slice(0, limit).map(shownUser)
      const last = users.at(-1)
      if (found.length <= limit || last === undefined) return { users }
      const next = `${base}/users?${new URLSearchParams({ q, limit: String(limit), after: last.username })}`
      reply.header('link', `<${next}>; rel="next"`)
      return { users, next }
    })
    const made = { preHandler: adminOnly, bodyLimit, schema: { body: NewUser, response: { 201: User } } }
    app.post<{ Body: Static<typeof NewUser> }>(`${base}/users`, made, async ({ body, caller }, reply) => {
      const { password, username, ...fields } = body
      const account = await accounts.add(caller, accountOf(username, { ...fields, enabled: true }), password)
      const location = `${base}/users/${encodeURIComponent(username)}`
      tagged(reply, account.version).code(201).header('location', location)
      return shownUser(account)
    })
    const one = { preHandler: adminOnly, schema: { response: { 200: User } } }
    app.get<Id>(`${base}/users/:id`, one, async ({ params }, reply) => {
      const account = await accounts.find(params.id)
      tagged(reply, account.version)
      return shownUser(account)
    })
    const changed = { preHandler: adminOnly, bodyLimit, schema: { body: ChangedUser, response: { 200: User } } }
    app.put<Id & { Body: Static<typeof ChangedUser> }>(`${base}/users/:id`, changed, async (request, reply) => {
      const { enabled, ...fields } = request.body
      const { username: _same, ...account } = accountOf(request.params.id, { ...fields, enabled })
      const change = { name: account.name, roles: account.roles, ...optional(account), isEnabled: enabled }
      const after = await accounts.change(request.caller, request.params.id, change, expectedVersion(request))
      tagged(reply, after.version)
      return shownUser(after)
    })
    const password = { preHandler: adminOnly, bodyLimit, schema: { body: NewPassword } }
    const passwordPath = `${base}/users/:id/password`
    app.put<Id & { Body: Static<typeof NewPassword> }>(passwordPath, password, async (request, reply) => {
      await accounts.setPassword(request.caller, request.params.id, request.body.password)
      reply.code(204)
    })
  }
}

function optional({ patient, actor }: Pick<Account, 'patient' | 'actor'>): Pick<Account, 'patient' | 'actor'> {
  return { ...(patient === undefined ? {} : { patient }), ...(actor === undefined ? {} : { actor }) }
}

function clientRoutes({ clients }: AdminParts): FastifyPluginAsync {
  return async (app) => {
    const paged = { preHandler: adminOnly, schema: { querystring: PageQuery, response: { 200: ClientPage } } }
    app.get<{ Querystring: PageAsked }>(`${base}/clients`, paged, async ({ query }, reply) => {
      const { after = '', limit = pageLength } = query
      const found = await clients.list({ after, limit: limit + 1 })
      const shown = found.slice(0, limit).map(shownClient)
      const last = shown.at(-1)
      if (found.length <= limit || last === undefined) return { clients: shown }
      const next = `${base}/clients?${new URLSearchParams({ limit: String(limit), after: last.id })}`
      reply.header('link', `<${next}>; rel="next"`)
      return { clients: shown, next }
    })
    const made = { preHandler: adminOnly, bodyLimit, schema: { body: NewClient, response: { 201: MadeClientAnswer } } }
    app.post<{ Body: Static<typeof NewClient> }>(`${base}/clients`, made, async ({ body, caller }, reply) => {
      const { id, ...fields } = body
      const { client, secret } = await clients.add(caller, clientOf(id, { ...fields, enabled: true }))
      tagged(reply, client.version).code(201).header('location', `${base}/clients/${id}`)
      return { client: shownClient(client), ...(secret === undefined ? {} : { secret }) }
    })
    const one = { preHandler: adminOnly, schema: { response: { 200: ShownClient } } }
    app.get<Id>(`${base}/clients/:id`, one, async ({ params }, reply) => {
      const client = await clients.find(params.id)
      tagged(reply, client.version)
      return shownClient(client)
    })
    const changed = {
      preHandler: adminOnly,
      bodyLimit,
      schema: { body: ChangedClient, response: { 200: ShownClient } },
    }
    app.put<Id & { Body: Static<typeof ChangedClient> }>(`${base}/clients/:id`, changed, async (request, reply) => {
      const { enabled: isEnabled } = request.body
      const version = expectedVersion(request)
      const after = await clients.change(request.caller, clientOf(request.params.id, request.body), {
        isEnabled,
        ...(version === undefined ? {} : { expectedVersion: version }),
      })
      tagged(reply, after.version)
      return shownClient(after)
    })
    const secret = { preHandler: adminOnly, schema: { response: { 200: MadeClientAnswer } } }
    app.post<Id>(`${base}/clients/:id/secret`, secret, async ({ params, caller }) => {
      const made = await clients.renewSecret(caller, params.id)
      return { client: shownClient(made.client), ...(made.secret === undefined ? {} : { secret: made.secret }) }
    })
  }
}

/** The routes of the administration. */
export function adminRoutes(parts: AdminParts): FastifyPluginAsync {
  return async (app) => {
    await app.register(userRoutes(parts))
    await app.register(clientRoutes(parts))
    const roles = { preHandler: adminOnly, schema: { response: { 200: RoleList } } }
    app.get(`${base}/roles`, roles, async () => ({ roles: [...personRoles] }))
  }
}
