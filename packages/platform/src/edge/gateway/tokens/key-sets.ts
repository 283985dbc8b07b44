// The key sets of issuers: fetched when needed, remembered, bounded in size and time, asked again for a key id not seen yet.
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import type { CallService } from '../../../kernel/ports.ts'
import type { TrustedIssuer } from './trusted-issuers.ts'

// Longest time a fetched key set is used without asking again.
const keySetMaxAgeMs = 600_000

const fetchMs = 5000
// Keys that nobody knows may make us ask again only so often.
const cooldownMs = 30_000
const maxBytes = 262_144
const ownPath = '/oidc/jwks'

async function bounded(answer: Response): Promise<Response> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw new Error(`A key set is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return new Response(Buffer.concat(chunks), { status: answer.status, headers: { 'content-type': 'application/json' } })
}

/** The keys of an issuer; our own are asked of the identity service, wherever it lives. */
export function keySetOf({ jwksUrl, issuer }: TrustedIssuer, call: CallService): JWTVerifyGetKey {
  const get =
    jwksUrl === undefined
      ? () => call('identity')(ownPath, { timeoutMs: fetchMs })
      : (url: string) =>
          fetch(url, {
            redirect: 'error',
            signal: AbortSignal.timeout(fetchMs),
            headers: { accept: 'application/json' },
          })
  return createRemoteJWKSet(new URL(jwksUrl ?? `${issuer}${ownPath}`), {
    timeoutDuration: fetchMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: keySetMaxAgeMs,
    [customFetch]: async (url) => bounded(await get(url)),
  })
}
