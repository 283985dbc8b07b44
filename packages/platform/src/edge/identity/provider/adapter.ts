// The OpenID provider's storage on PostgreSQL: durable, sealed, first use wins, and a revoked grant is told to everybody.
import type { Adapter, AdapterPayload } from 'oidc-provider'
import type { Events } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { endTokens } from '../changes.ts'
import { isClientId, providerMetadata } from '../clients/client.ts'
import { findClient } from '../clients/store.ts'
import type { Sealing } from '../sealing.ts'
import {
  type Artifact,
  consumeArtifact,
  findArtifact,
  findByUid,
  putArtifact,
  removeArtifact,
  removeOfGrant,
} from './artifacts.ts'

/** What storage needs. */
export interface AdapterParts {
  readonly sql: Sql
  readonly events: Pick<Events, 'publish'>
  readonly sealing: Sealing
  /** The error of a code or token that was used before. */
  readonly usedBefore: (model: string) => Error
}

const epochSeconds = (date: Date): number => Math.floor(date.getTime() / 1000)

function payloadOf(artifact: Artifact | undefined, sealing: Sealing): AdapterPayload | undefined {
  const payload = artifact === undefined ? undefined : sealing.open(artifact.sealed)
  if (artifact === undefined || typeof payload !== 'object' || payload === null) return undefined
  const { consumedAt } = artifact
  return { ...payload, ...(consumedAt === undefined ? {} : { consumed: epochSeconds(consumedAt) }) }
}

async function clientPayload(sql: Sql, id: string): Promise<AdapterPayload | undefined> {
  const client = isClientId(id) ? await findClient(sql, id) : undefined // a stranger's text, NUL and all
  return client?.isEnabled === true ? providerMetadata(client) : undefined
}

const neverWritten = async (): Promise<never> => {
  throw new Error('Clients are registered by people, not by the provider')
}

function clientAdapter(sql: Sql): Adapter {
  return {
    find: (id) => clientPayload(sql, id),
    upsert: neverWritten,
    destroy: neverWritten,
    consume: neverWritten,
    findByUid: neverWritten,
    findByUserCode: neverWritten,
    revokeByGrantId: neverWritten,
  }
}

function artifactAdapter(model: string, { sql, events, sealing, usedBefore }: AdapterParts): Adapter {
  const revokeGrant = (id: string): Promise<void> => sql.transaction((tx) => endTokens(tx, { events }, 'grant', id))
  return {
    async upsert(id, payload, expiresIn) {
      const { uid, grantId, accountId, clientId } = payload
      const kept = await putArtifact(
        sql,
        {
          model,
          idHash: sealing.hash(id),
          sealed: sealing.seal(payload),
          uidHash: model === 'Session' && uid !== undefined ? sealing.hash(uid) : undefined,
          grantId: model === 'Grant' ? id : grantId,
          account: accountId ?? (model === 'Interaction' ? payload.session?.accountId : undefined),
          client: clientId,
          expiresInSeconds: expiresIn,
        },
        model === 'ReplayDetection',
      )
      if (!kept) throw usedBefore(model)
    },
    find: async (id) => payloadOf(await findArtifact(sql, model, sealing.hash(id)), sealing),
    findByUid: async (uid) => payloadOf(await findByUid(sql, model, sealing.hash(uid)), sealing),
    findByUserCode: async () => undefined, // no device flow
    async consume(id) {
      if (!(await consumeArtifact(sql, model, sealing.hash(id)))) throw usedBefore(model)
    },
    async destroy(id) {
      if (model === 'Grant') await revokeGrant(id)
      else await removeArtifact(sql, model, sealing.hash(id))
    },
    revokeByGrantId: (grantId) => removeOfGrant(sql, model, grantId),
  }
}

/** Creates the storage of each of the provider's models. */
export function createAdapter(parts: AdapterParts): (model: string) => Adapter {
  return (model) => (model === 'Client' ? clientAdapter(parts.sql) : artifactAdapter(model, parts))
}
