// Shapes of the administration of users and clients.
import { type Static, Type } from 'typebox'
import { clientKinds } from './clients/client.ts'

const Name = Type.String({ minLength: 1, maxLength: 200 })
const Names = Type.Array(Type.String({ minLength: 1, maxLength: 500 }), { maxItems: 60 })
const Key = Type.Record(Type.String(), Type.Unknown())
const Keys = Type.Object({ keys: Type.Array(Key, { maxItems: 10 }) })

const accountFields = {
  name: Name,
  roles: Names,
  patient: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 120 })),
}

/** A new user. */
export const NewUser = Type.Object({ username: Name, ...accountFields, password: Type.String({ maxLength: 500 }) })

/** A changed user. */
export const ChangedUser = Type.Object({ ...accountFields, enabled: Type.Boolean() })

/** A user as shown. */
export const User = Type.Object({
  username: Type.String(),
  ...accountFields,
  enabled: Type.Boolean(),
  demo: Type.Boolean(),
  version: Type.Integer(),
  createdAt: Type.String(),
  changedAt: Type.String(),
  signedInAt: Type.Optional(Type.String()),
})

/** A page of users. */
export const UserPage = Type.Object({ users: Type.Array(User), next: Type.Optional(Type.String()) })

/** A new password. */
export const NewPassword = Type.Object({ password: Type.String({ maxLength: 500 }) })

/** Change of the own password. */
export const OwnPassword = Type.Object({
  current: Type.String({ maxLength: 500 }),
  password: Type.String({ maxLength: 500 }),
})

const clientFields = {
  name: Name,
  redirectUris: Names,
  scopes: Names,
  roles: Names,
  jwks: Type.Optional(Keys),
  jwksUri: Type.Optional(Type.String({ maxLength: 500 })),
}
const [open, confidential, asymmetric, backend] = clientKinds
const Kind = Type.Union([
  Type.Literal(open),
  Type.Literal(confidential),
  Type.Literal(asymmetric),
  Type.Literal(backend),
])

/** A new client. */
export const NewClient = Type.Object({ id: Name, kind: Kind, ...clientFields })

/** A changed client. */
export const ChangedClient = Type.Object({ kind: Kind, ...clientFields, enabled: Type.Boolean() })

/** A client as shown. */
export const ShownClient = Type.Object({
  id: Type.String(),
  kind: Kind,
  ...clientFields,
  enabled: Type.Boolean(),
  version: Type.Integer(),
  createdAt: Type.String(),
  changedAt: Type.String(),
})

/** A client that was just made; a secret is told this once. */
export const MadeClientAnswer = Type.Object({ client: ShownClient, secret: Type.Optional(Type.String()) })

/** A page of clients. */
export const ClientPage = Type.Object({ clients: Type.Array(ShownClient), next: Type.Optional(Type.String()) })

/** An app with access. */
export const AppAccess = Type.Object({
  grant: Type.String(),
  client: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  patient: Type.Optional(Type.String()),
  grantedAt: Type.String(),
})

/** The apps that a person gave access. */
export const AppAccessList = Type.Object({ apps: Type.Array(AppAccess) })

/** What roles there are. */
export const RoleList = Type.Object({ roles: Type.Array(Type.String()) })

/** Where a page begins, and how long it is. */
export const PageQuery = Type.Object({
  q: Type.Optional(Type.String({ maxLength: 100 })),
  after: Type.Optional(Type.String({ maxLength: 64 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
})

/** A page as asked for. */
export type PageAsked = Static<typeof PageQuery>
