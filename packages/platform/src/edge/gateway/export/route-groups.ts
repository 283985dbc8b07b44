// The product's routes as other gateways are told of them: one group a service, longest prefixes first (pure).

/** The addresses of one service. */
export interface RouteGroup {
  readonly service: string
  readonly paths: readonly string[]
}

/** What is exported. */
export interface Exported {
  /** Services and their path prefixes, as the gateway has them. */
  readonly routes: readonly RouteGroup[]
  /** Where the other gateway sends everything: Xinglin's own, which alone can tell services who calls. */
  readonly backend: { readonly host: string; readonly port: number }
}

/** The pages that Xinglin's gateway answers itself. */
export const ownPaths: readonly string[] = Object.freeze(['/app', '/auth', '/health'])

/** All groups, the gateway's own pages first; a service without addresses has none. */
export function routeGroups(routes: readonly RouteGroup[]): readonly RouteGroup[] {
  const own = { service: 'gateway', paths: ownPaths }
  return [own, ...routes.filter(({ paths }) => paths.length > 0)].map(({ service, paths }) => ({
    service,
    paths: paths.toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1)),
  }))
}
