// Guards ports that trust their network: refuses what a web page elsewhere may have made the browser send (pure).
import type { IncomingHttpHeaders } from 'node:http'

/** The headers that tell where a request comes from. */
export interface RequestOrigin {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
}

const literal = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\])$/
const ownSites: ReadonlySet<string | undefined> = new Set([undefined, 'same-origin', 'none'])

/**
 * Says whether a host name cannot have been chosen by a stranger's DNS: a literal address, a name of one label
 * (`localhost`, `kong-gateway`), or one of the allowed names. This is the wall against DNS rebinding.
 */
export function isTrustedHost(host: string | undefined, allowed: readonly string[] = []): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase()
  return literal.test(name) || /^[a-z0-9_-]+$/.test(name) || allowed.includes(name)
}

/** Says whether a request was not sent by a page of another site, as far as the browser tells. */
export function isOwnPage({ host, origin, secFetchSite }: RequestOrigin): boolean {
  if (!ownSites.has(secFetchSite)) return false
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

/** Says whether a request names a trusted host and was not sent by a page of another site. */
export function isOwnRequest(from: RequestOrigin, allowed: readonly string[] = []): boolean {
  return isTrustedHost(from.host, allowed) && isOwnPage(from)
}

/** The headers of a request that tell where it comes from. */
export function originOf({ headers }: { readonly headers: IncomingHttpHeaders }): RequestOrigin {
  const site = headers['sec-fetch-site']
  return { host: headers.host, origin: headers.origin, secFetchSite: Array.isArray(site) ? site[0] : site }
}
