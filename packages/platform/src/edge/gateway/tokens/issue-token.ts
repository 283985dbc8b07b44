// Issues tokens of the built-in consumer, whose secret is made once per database; for the command line and the demo.
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import { type Role, roles } from '../../../kernel/caller.ts'
import type { Sql } from '../../../kernel/sql.ts'
import type { KongConsumer, KongJwtSecret, KongState } from '../kong/entities.ts'
import { changeState, loadState, putEntity } from '../kong/store.ts'
import { builtInConsumer } from './caller-of.ts'

/** Whom a token is for. */
export interface TokenRequest {
  readonly role: Role
  /** Id of the Patient that bounds the caller; required for the role `patient`. */
  readonly patient?: string
  /** Who the audit trail shall name; default is the role. */
  readonly subject?: string
  /** Default one hour, at most a day. */
  readonly lifetimeSeconds?: number
}

const defaultLifetimeSeconds = 3600
const maxLifetimeSeconds = 86_400
const secretBytes = 32
const issuable: readonly Role[] = roles.filter((role) => role !== 'system')

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function credentialIn(state: KongState): KongJwtSecret | undefined {
  const consumer = state.consumers.find(({ username }) => username === builtInConsumer)
  return state.jwt_secrets.find((one) => one.consumer.id === consumer?.id && one.algorithm === 'HS256')
}

async function makeCredential(sql: Sql): Promise<KongJwtSecret> {
  return changeState(sql, async (tx, state) => {
    const known = credentialIn(state)
    if (known !== undefined) return known
    const times = { created_at: Math.floor(Date.now() / 1000), updated_at: Math.floor(Date.now() / 1000) }
    const present = state.consumers.find(({ username }) => username === builtInConsumer)
    const consumer: KongConsumer = present ?? {
      id: randomUUID(),
      username: builtInConsumer,
      custom_id: null,
      tags: issuable.map((role) => `role:${role}`),
      ...times,
    }
    const credential: KongJwtSecret = {
      id: randomUUID(),
      consumer: { id: consumer.id },
      key: present === undefined ? builtInConsumer : `${builtInConsumer}-${randomUUID().slice(0, 8)}`,
      secret: randomBytes(secretBytes).toString('base64url'),
      algorithm: 'HS256',
      rsa_public_key: null,
      tags: null,
      ...times,
    }
    if (present === undefined) await putEntity(tx, 'consumers', consumer)
    await putEntity(tx, 'jwt_secrets', credential)
    return credential
  })
}

/** Makes sure that the built-in consumer and its credential are there. */
export async function ensureBuiltInConsumer(sql: Sql): Promise<KongJwtSecret> {
  return credentialIn(await loadState(sql)) ?? makeCredential(sql)
}

/**
 * Issues a token that the gateway accepts at once.
 * @throws AppError 'invalid-parameter' for an unknown role, a patient without id, or a lifetime outside 1 s … 1 day
 */
export async function issueToken(sql: Sql, request: TokenRequest): Promise<string> {
  const { role, patient, subject = role, lifetimeSeconds = defaultLifetimeSeconds } = request
  if (!issuable.includes(role)) {
    throw new AppError('invalid-parameter', `There is no role ${role}; choose one of ${issuable.join(', ')}`)
  }
  if (role === 'patient' && patient === undefined) {
    throw new AppError('invalid-parameter', 'A token for a patient needs the id of the Patient (--patient <id>)')
  }
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > maxLifetimeSeconds) {
    throw new AppError('invalid-parameter', `The lifetime must be 1 to ${maxLifetimeSeconds} seconds`)
  }
  const { key, secret } = await ensureBuiltInConsumer(sql)
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: key,
    sub: subject,
    aud: 'xinglin',
    role,
    iat: now,
    exp: now + lifetimeSeconds,
    jti: randomUUID(),
  }
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ ...claims, ...(patient === undefined ? {} : { patient }) })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
