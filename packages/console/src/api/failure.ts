// What went wrong between the console and the server, in the few kinds that a person can act upon (pure).

/** The kinds of failure that the console tells apart. */
export const failureKinds = [
  'offline',
  'timeout',
  'unauthenticated',
  'forbidden',
  'not-found',
  'deleted',
  'invalid',
  'conflict',
  'busy',
  'unavailable',
  'server',
  'unreadable',
] as const

/** A kind of {@link failureKinds}. */
export type FailureKind = (typeof failureKinds)[number]

/** What is known about a failure. */
export interface FailureFacts {
  readonly kind: FailureKind
  readonly traceId: string
  readonly status?: number
  readonly retryAfterSeconds?: number
  /** The server's own words, in English. */
  readonly diagnostics?: string
}

/** A request that did not succeed. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly traceId: string
  readonly status: number | undefined
  readonly retryAfterSeconds: number | undefined
  readonly diagnostics: string | undefined

  constructor(facts: FailureFacts, cause?: unknown) {
    super(facts.diagnostics ?? facts.kind, { cause })
    this.name = 'Failure'
    this.kind = facts.kind
    this.traceId = facts.traceId
    this.status = facts.status
    this.retryAfterSeconds = facts.retryAfterSeconds
    this.diagnostics = facts.diagnostics
  }
}

const kindsByStatus: Readonly<Record<number, FailureKind>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  410: 'deleted',
  412: 'conflict',
  429: 'busy',
  502: 'unavailable',
  503: 'unavailable',
  504: 'timeout',
}

/** The kind of failure that an HTTP status stands for. */
export function kindOfStatus(status: number): FailureKind {
  return kindsByStatus[status] ?? (status >= 500 ? 'server' : 'invalid')
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

function wordsOf(body: Readonly<Record<string, unknown>>): string | undefined {
  const { issue, detail, title } = body
  const issues = Array.isArray(issue) ? issue : []
  const said = issues.flatMap((one) =>
    isObject(one) && typeof one['diagnostics'] === 'string' ? one['diagnostics'] : [],
  )
  if (said.length > 0) return said.slice(0, 5).join(' ')
  return [detail, title].find((text) => typeof text === 'string')
}

/** Reads an OperationOutcome or problem details (RFC 9457) into a failure. */
export function failureOf(answer: {
  readonly status: number
  readonly body: unknown
  readonly retryAfter: string | null
  /** The trace id that was sent; the answer's own counts more. */
  readonly traceId: string
}): Failure {
  const body = isObject(answer.body) ? answer.body : {}
  const seconds = Number(answer.retryAfter)
  const diagnostics = wordsOf(body)
  return new Failure({
    kind: kindOfStatus(answer.status),
    status: answer.status,
    traceId: typeof body['traceId'] === 'string' ? body['traceId'] : answer.traceId,
    ...(answer.retryAfter !== null && Number.isFinite(seconds) ? { retryAfterSeconds: seconds } : {}),
    ...(diagnostics === undefined ? {} : { diagnostics }),
  })
}

const passingKinds: ReadonlySet<FailureKind> = new Set(['offline', 'timeout', 'busy', 'unavailable'])

/** Says whether the same request may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  return error instanceof Failure && passingKinds.has(error.kind)
}
