// Reads addresses of the admin API: `/services/{s}/routes/{r}` and its kin (pure).
import type { Kind } from './entities.ts'

/** What an address of the admin API names: a list, or one entity when `key` is there. */
export interface AdminTarget {
  readonly kind: Kind
  readonly key?: string
  /** The entity in whose list it is, and the field that points there. */
  readonly parent?: { readonly kind: Kind; readonly key: string; readonly field: string }
  readonly path: string
}

const lists: Readonly<Record<string, Kind>> = {
  services: 'services',
  routes: 'routes',
  plugins: 'plugins',
  consumers: 'consumers',
  jwts: 'jwt_secrets',
  acls: 'acls',
  consumer_groups: 'consumer_groups',
  upstreams: 'upstreams',
}

const nested: Readonly<Record<string, { readonly kind: Kind; readonly field: string }>> = {
  'services/routes': { kind: 'routes', field: 'service' },
  'services/plugins': { kind: 'plugins', field: 'service' },
  'routes/plugins': { kind: 'plugins', field: 'route' },
  'consumers/plugins': { kind: 'plugins', field: 'consumer' },
  'consumers/jwt': { kind: 'jwt_secrets', field: 'consumer' },
  'consumers/acls': { kind: 'acls', field: 'consumer' },
  'consumers/consumer_groups': { kind: 'consumer_group_consumers', field: 'consumer' },
  'consumer_groups/consumers': { kind: 'consumer_group_consumers', field: 'consumer_group' },
  'consumer_groups/plugins': { kind: 'plugins', field: 'consumer_group' },
  'upstreams/targets': { kind: 'targets', field: 'upstream' },
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a broken escape names nothing
  }
}

/** Parses a path; undefined when it names nothing. */
export function parseAdminPath(path: string): AdminTarget | undefined {
  const parts = path.replace(/\/$/, '').split('/').slice(1).map(decode)
  const [list, key, sub, subKey, ...rest] = parts
  if (list === undefined || rest.length > 0 || parts.some((part) => part === undefined || part === '')) return undefined
  const kind = Object.hasOwn(lists, list) ? lists[list] : undefined
  if (kind === undefined) return undefined
  if (sub === undefined || key === undefined) return { kind, path, ...(key === undefined ? {} : { key }) }
  const below = Object.hasOwn(nested, `${list}/${sub}`) ? nested[`${list}/${sub}`] : undefined
  if (below === undefined) return undefined
  const parent = { kind, key, field: below.field }
  return { kind: below.kind, parent, path, ...(subKey === undefined ? {} : { key: subKey }) }
}
