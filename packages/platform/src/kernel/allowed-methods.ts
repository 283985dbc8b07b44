// Tells 405 from 404: which methods an address takes, judged from the patterns of all registered routes.

/** The routes of one service. */
export interface RouteTable {
  add(pattern: string, methods: readonly string[]): void
  /** Methods that some route takes at this path, sorted; empty when no route matches. */
  methodsAt(path: string): readonly string[]
  /** Every route as `METHOD /pattern`, sorted. */
  all(): readonly string[]
}

const escapeText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

// `/a/:id/b` matches one segment for `:id`; `*` at the end matches the rest.
function toPattern(route: string): RegExp {
  const parts = route.split('/').map((part) => {
    if (part === '*') return '.*'
    return part.startsWith(':') ? '[^/]+' : escapeText(part)
  })
  return new RegExp(`^${parts.join('/')}/?$`)
}

/** Creates an empty table. */
export function createRouteTable(): RouteTable {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>()
  return {
    add(route, methods) {
      const known = routes.get(route) ?? { pattern: toPattern(route), methods: new Set<string>() }
      for (const method of methods) known.methods.add(method)
      routes.set(route, known)
    },
    all: () =>
      [...routes].flatMap(([route, { methods }]) => [...methods].map((method) => `${method} ${route}`)).toSorted(),
    methodsAt(path) {
      const matching = [...routes.values()].filter(({ pattern }) => pattern.test(path))
      return [...new Set(matching.flatMap(({ methods }) => [...methods]))].toSorted()
    },
  }
}
