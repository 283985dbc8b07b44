// Who may call: holders of the token where one is set, else programs that name a trusted host and no page of another site.
import type { IncomingMessage } from 'node:http'
import { bearerOf, isSameSecret } from '../../../kernel/bearer-token.ts'
import { isOwnPage, isTrustedHost, originOf } from '../../../kernel/local-request.ts'
import { ConsulError } from '../consul-error.ts'

/** What the guard goes by. */
export interface GuardOptions {
  readonly token: string | undefined
  /** Host names with dots that are trusted too. */
  readonly allowedHosts: readonly string[]
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

function sentToken({ headers }: IncomingMessage, query: URLSearchParams): string | undefined {
  return first(headers['x-consul-token']) ?? bearerOf(headers.authorization) ?? query.get('token') ?? undefined
}

/** Says whether the caller has sent this token: as X-Consul-Token, Bearer or `?token`. */
export function holdsToken(request: IncomingMessage, query: URLSearchParams, token: string): boolean {
  const sent = sentToken(request, query)
  return sent !== undefined && isSameSecret(sent, token)
}

/** Refuses whoever may not call. @throws ConsulError 403 */
export function checkCaller(request: IncomingMessage, query: URLSearchParams, options: GuardOptions): void {
  if (!isOwnPage(originOf(request))) throw new ConsulError(403, 'The registry does not answer pages of other sites')
  if (options.token !== undefined) {
    if (holdsToken(request, query, options.token)) return
    throw new ConsulError(403, 'Permission denied: a valid token is needed in the header X-Consul-Token')
  }
  if (!isTrustedHost(request.headers.host, options.allowedHosts)) {
    throw new ConsulError(403, 'The registry does not answer this host name; see REGISTRY_ALLOWED_HOSTS')
  }
}
