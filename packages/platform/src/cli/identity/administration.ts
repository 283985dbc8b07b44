// Asks the administration of the running system, as an administrator whose token is issued through the database.
import { AppError } from '@xinglin/core/errors'
import { issueLocalToken } from '../local.ts'
import { demandSystem } from '../place.ts'

/** A JSON object as sent or answered. */
export type Fields = Readonly<Record<string, unknown>>

/** Asks `/api/v1/identity…`. */
export type Administration = (
  path: string,
  init?: { readonly method: string; readonly body?: Fields },
) => Promise<Fields>

const limitMs = 30_000
const tokenSeconds = 60

/** Opens it. @throws AppError 'unavailable' when no system runs; what the system refuses comes with its own words */
export async function openAdministration(): Promise<Administration> {
  const system = await demandSystem()
  const token = await issueLocalToken(system, {
    role: 'admin',
    subject: 'command line',
    lifetimeSeconds: tokenSeconds,
  })
  return async (path, { method, body } = { method: 'GET' }) => {
    const answer = await fetch(`${system.gatewayUrl}/api/v1/identity${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(limitMs),
    })
    const text = await answer.text()
    const told = text === '' ? {} : (JSON.parse(text) as Fields)
    if (answer.ok) return told
    throw new AppError('invalid-request', String(told['detail'] ?? `The system answered ${answer.status}`))
  }
}

/** Every entry of a list that comes in pages. */
export async function everyEntry(ask: Administration, list: 'users' | 'clients'): Promise<readonly Fields[]> {
  const all: Fields[] = []
  let path: string | undefined = `/${list}?limit=200`
  while (path !== undefined) {
    const page: Fields = await ask(path)
    all.push(...(page[list] as readonly Fields[]))
    path = typeof page['next'] === 'string' ? page['next'].replace('/api/v1/identity', '') : undefined
  }
  return all
}
