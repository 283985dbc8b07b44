// Shows a request to the provider as one to the public address, so that no Host header can put itself into its documents.
import type { IncomingMessage } from 'node:http'

/**
 * Sets the headers by which the provider tells its own address; and asks for consent where offline_access is wanted, which
 * SMART apps do not say (OpenID Connect Core, 11, lets the server decide).
 */
export function ownRequest(request: IncomingMessage, issuer: string): IncomingMessage {
  const { host, protocol } = new URL(issuer)
  Object.assign(request.headers, {
    host,
    'x-forwarded-host': host,
    'x-forwarded-proto': protocol.replace(':', ''),
  })
  request.url = withConsent(request.url ?? '/')
  return request
}

/** The address with `prompt=consent` where offline access is asked for and no prompt is named. */
export function withConsent(url: string): string {
  const [path = '', query = ''] = url.split('?', 2)
  if (path !== '/oidc/auth' || query === '') return url
  const parameters = new URLSearchParams(query)
  const isOffline = (parameters.get('scope') ?? '').split(' ').includes('offline_access')
  return isOffline && !parameters.has('prompt') ? `${url}&prompt=consent` : url
}

/** Where to begin anew, when a launch began at another name of this machine: cookies would be lost on the way. */
export function redirectToIssuer({ headers, url }: IncomingMessage, issuer: string): string | undefined {
  const asked = headers['x-forwarded-host'] ?? headers.host
  return asked === undefined || asked === new URL(issuer).host ? undefined : `${issuer}${url ?? ''}`
}

/** The address a request comes from, as the gateway saw it: the last hop before our own reverse proxy, if there is one. */
export function addressOf({ headers, socket }: IncomingMessage): string {
  const hops = [headers['x-forwarded-for'] ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '')
  return hops.at(-2) ?? hops.at(-1) ?? socket.remoteAddress ?? 'unknown'
}
