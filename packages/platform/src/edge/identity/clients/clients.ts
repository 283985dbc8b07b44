// The clients of a system: apps that people launch, and backend services; what is taken away ends their tokens.
import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../../kernel/caller.ts'
import type { Tx } from '../../../kernel/sql.ts'
import { type ChangeParts, endTokens, noteChange } from '../changes.ts'
import { type Client, demandClient, type StoredClient } from './client.ts'
import { findClient, insertClient, listClients, lockClient, updateClient, updateSecret } from './store.ts'

/** A client, and its secret when one was just made: it is told once and not kept. */
export interface MadeClient {
  readonly client: StoredClient
  readonly secret?: string
}

/** The clients. */
export interface Clients {
  list(page: { readonly after: string; readonly limit: number }): Promise<readonly StoredClient[]>
  find(id: string): Promise<StoredClient>
  add(by: Caller, client: Client): Promise<MadeClient>
  /** @throws AppError 'precondition-failed' when the version is not the expected one */
  change(
    by: Caller,
    client: Client,
    given: { readonly isEnabled: boolean; readonly expectedVersion?: number },
  ): Promise<StoredClient>
  /** Makes a new secret; the old one is worth nothing at once. */
  renewSecret(by: Caller, id: string): Promise<MadeClient>
}

const secretBytes = 32

/** How secrets of clients are kept. */
export const secretHashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

const newSecret = (): string => randomBytes(secretBytes).toString('base64url')

const lacking = (): AppError => new AppError('not-found', 'There is no client of this id')

/** Creates the clients on the database. */
export function createClients(parts: ChangeParts): Clients {
  const { sql } = parts
  const find = async (id: string): Promise<StoredClient> => {
    const client = await findClient(sql, id)
    if (client === undefined) throw lacking()
    return client
  }
  const locked = async (tx: Tx, id: string): Promise<StoredClient> => {
    const client = await lockClient(tx, id)
    if (client === undefined) throw lacking()
    if (client.isFirstParty) throw new AppError('forbidden', 'The console’s own client is kept by the system itself')
    return client
  }
  const note = (tx: Tx, by: Caller, action: 'C' | 'U', id: string): Promise<void> =>
    noteChange(tx, parts, {
      by,
      action,
      interaction: action === 'C' ? 'identity-client-add' : 'identity-client-change',
      entity: `client/${id}`,
    })
  return {
    list: (page) => listClients(sql, page),
    find,
    async add(by, client) {
      demandClient(client)
      const secret = client.kind === 'confidential' ? newSecret() : undefined
      await sql.transaction(async (tx) => {
        const isAdded = await insertClient(tx, client, secret === undefined ? undefined : secretHashOf(secret))
        if (!isAdded) throw new AppError('conflict', 'There is a client of this id already')
        await note(tx, by, 'C', client.id)
      })
      return { client: await find(client.id), ...(secret === undefined ? {} : { secret }) }
    },
    async change(by, client, { isEnabled, expectedVersion }) {
      demandClient(client)
      return sql.transaction(async (tx) => {
        const before = await locked(tx, client.id)
        if (expectedVersion !== undefined && expectedVersion !== before.version) {
          throw new AppError('precondition-failed', 'The client has changed since it was read; read it again')
        }
        if (client.kind !== before.kind) throw new AppError('conflict', 'The kind of a client cannot be changed')
        await endTokens(tx, parts, 'client', client.id)
        await note(tx, by, 'U', client.id)
        return updateClient(tx, client, isEnabled)
      })
    },
    async renewSecret(by, id) {
      const secret = newSecret()
      await sql.transaction(async (tx) => {
        const { kind } = await locked(tx, id)
        if (kind !== 'confidential') throw new AppError('conflict', 'This kind of client has no secret')
        await updateSecret(tx, id, secretHashOf(secret))
        await endTokens(tx, parts, 'client', id)
        await note(tx, by, 'U', id)
      })
      return { client: await find(id), secret }
    },
  }
}
