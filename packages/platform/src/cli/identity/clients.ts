// `xinglin client …`: registers, lists, disables and enables apps and backend services.
import { readFile } from 'node:fs/promises'
import { AppError } from '@xinglin/core/errors'
import { everyEntry, type Fields, openAdministration } from './administration.ts'

/** What a new client is. */
export interface ClientOptions {
  readonly name: string
  readonly kind: string
  readonly redirect: readonly string[]
  readonly scope: readonly string[]
  readonly role: readonly string[]
  readonly jwksUri?: string
  readonly jwks?: string
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function keysIn(path: string): Promise<Fields> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AppError('invalid-parameter', `The file ${path} cannot be read`, { cause })
  })
  try {
    const keys: unknown = JSON.parse(text)
    if (typeof keys === 'object' && keys !== null) return keys as Fields
  } catch (cause) {
    throw new AppError('invalid-parameter', `${path} is no JSON Web Key Set`, { cause })
  }
  throw new AppError('invalid-parameter', `${path} is no JSON Web Key Set`)
}

/** Registers a client. */
export async function addClient(id: string, options: ClientOptions): Promise<void> {
  const { name, kind, redirect: redirectUris, scope: scopes, role: roles, jwksUri, jwks } = options
  const ask = await openAdministration()
  const body = {
    ...{ id, name, kind, redirectUris, scopes, roles },
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(jwks === undefined ? {} : { jwks: await keysIn(jwks) }),
  }
  const { secret } = await ask('/clients', { method: 'POST', body })
  say(`${id} is registered.${secret === undefined ? '' : ` Secret, told this once: ${String(secret)}`}`)
}

/** Lists the clients. */
export async function listClients(): Promise<void> {
  for (const { id, name, kind, scopes, enabled } of await everyEntry(await openAdministration(), 'clients')) {
    const state = enabled === true ? [] : ['disabled']
    say([id, name, kind, (scopes as readonly string[]).join(' '), ...state].join('\t'))
  }
}

/** Lets a client in, or no more. */
export async function enableClient(id: string, enabled: boolean): Promise<void> {
  const ask = await openAdministration()
  const path = `/clients/${encodeURIComponent(id)}`
  const { name, kind, redirectUris, scopes, roles, jwks, jwksUri }: Fields = await ask(path)
  const body = {
    ...{ name, kind, redirectUris, scopes, roles, enabled },
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
  }
  await ask(path, { method: 'PUT', body })
  say(enabled ? `${id} gets tokens again.` : `${id} gets no more tokens; those it had have ended.`)
}
