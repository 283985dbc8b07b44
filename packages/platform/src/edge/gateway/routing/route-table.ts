// The route table: the longest prefix wins, then routes that name a host, then those that name methods (pure).

/** One way into a target. */
export interface RouteRule<Target> {
  readonly id: string
  /** Host names, `*.example.org` or `example.*`; none means any. */
  readonly hosts: readonly string[]
  /** Upper case; none means any. */
  readonly methods: readonly string[]
  readonly prefix: string
  /** True: `/a` takes `/a` and `/a/b` but not `/ab`. False: any text that begins with the prefix, as in Kong. */
  readonly isWholeSegments: boolean
  /** True: the prefix is the whole path. */
  readonly isExact?: boolean
  /** Among equals the higher rank wins, then the smaller id. */
  readonly rank: number
  readonly target: Target
}

/** What a route is chosen by. */
export interface RouteRequest {
  /** Without port, lower case. */
  readonly host: string
  readonly method: string
  readonly path: string
}

/** The compiled table. */
export interface RouteTable<Target> {
  match(request: RouteRequest): RouteRule<Target> | undefined
}

const bare = (prefix: string): string => prefix.replace(/\/+$/, '')

/** The order in which rules are tried: negative when `a` comes first. */
export function compareRules(a: RouteRule<unknown>, b: RouteRule<unknown>): number {
  return (
    b.prefix.length - a.prefix.length ||
    Number(b.hosts.length > 0) - Number(a.hosts.length > 0) ||
    Number(b.methods.length > 0) - Number(a.methods.length > 0) ||
    b.rank - a.rank ||
    (a.id < b.id ? -1 : Number(a.id > b.id))
  )
}

function hostFits(pattern: string, host: string): boolean {
  if (pattern.startsWith('*.')) return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
  if (pattern.endsWith('.*')) return host.startsWith(pattern.slice(0, -1)) && host.length > pattern.length - 1
  return pattern === host
}

/** Says whether a rule takes a request. */
export function ruleAccepts(rule: RouteRule<unknown>, request: RouteRequest): boolean {
  const { hosts, methods, prefix, isWholeSegments } = rule
  if (methods.length > 0 && !methods.includes(request.method)) return false
  if (hosts.length > 0 && !hosts.some((pattern) => hostFits(pattern, request.host))) return false
  if (rule.isExact === true) return request.path === prefix
  if (!isWholeSegments) return request.path.startsWith(prefix)
  const short = bare(prefix)
  return request.path === short || request.path.startsWith(`${short}/`)
}

function bySegments<Target>(
  rules: ReadonlyMap<string, readonly RouteRule<Target>[]>,
  request: RouteRequest,
): RouteRule<Target> | undefined {
  let prefix = bare(request.path)
  for (;;) {
    const found = rules.get(prefix)?.find((rule) => ruleAccepts(rule, request))
    if (found !== undefined || prefix === '') return found
    prefix = prefix.slice(0, prefix.lastIndexOf('/'))
  }
}

/** Compiles rules; a match costs one look-up per path segment plus one comparison per prefix of Kong's kind. */
export function createRouteTable<Target>(rules: readonly RouteRule<Target>[]): RouteTable<Target> {
  const sorted = rules.toSorted(compareRules)
  const plain = sorted.filter((rule) => !rule.isWholeSegments)
  const whole = Map.groupBy(
    sorted.filter((rule) => rule.isWholeSegments),
    (rule) => bare(rule.prefix),
  )
  return {
    match(request) {
      const first = bySegments(whole, request)
      const second = plain.find((rule) => ruleAccepts(rule, request))
      if (first === undefined || second === undefined) return first ?? second
      return compareRules(first, second) <= 0 ? first : second
    },
  }
}
