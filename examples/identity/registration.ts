// Registers a client at a running system; what an administrator would do in the console.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Address of the system. */
export const url = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>

const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))

/** Registers a client, or brings one of the same id up to date. */
export async function register(client: Fields & { readonly id: string }): Promise<void> {
  const token =
    process.env['XINGLIN_TOKEN'] ??
    execFileSync(process.execPath, [program, 'token', '--role', 'admin'], { encoding: 'utf8' }).trim()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const clients = `${url}/api/v1/identity/clients`
  const { id, ...fields } = client
  const known = await fetch(`${clients}/${id}`, { headers })
  const answer = known.ok
    ? await fetch(`${clients}/${id}`, { method: 'PUT', headers, body: JSON.stringify({ ...fields, enabled: true }) })
    : await fetch(clients, { method: 'POST', headers, body: JSON.stringify(client) })
  if (!answer.ok) throw new Error(`Registering answered ${answer.status}: ${await answer.text()}`)
}

/** Reads JSON, with a token where one is given. */
export async function read(address: string, token?: string): Promise<Fields> {
  const answer = await fetch(address, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as Fields
}

/** Asks a token endpoint. */
export async function askToken(endpoint: string, form: Readonly<Record<string, string>>): Promise<Fields> {
  const answer = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) })
  if (!answer.ok) throw new Error(`The token endpoint answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as Fields
}
