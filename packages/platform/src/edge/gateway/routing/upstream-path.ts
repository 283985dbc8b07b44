// The path that a service sees: as it came for the product's own paths, else Kong's strip_path and service path (pure).
import type { KongRoute, KongService } from '../kong/entities.ts'

function joined(before: string, after: string): string {
  const path = `${before.replace(/\/$/, '')}/${after.replace(/^\//, '')}`
  return after === '' ? before : path
}

/** Kong's rule: the matched prefix is cut off when `strip_path` is true, then the service's path is put before. */
export function strippedPath(path: string, prefix: string, service: KongService, route: KongRoute): string {
  const rest = route.strip_path && path.startsWith(prefix) ? path.slice(prefix.length) : path
  const result = joined(service.path ?? '/', rest)
  return result.startsWith('/') ? result : `/${result}`
}

/** Says whether a path lies under one of the prefixes. */
export function isUnder(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix.replace(/\/$/, '')}/`))
}
