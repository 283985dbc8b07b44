// The one place that turns errors into HTTP: OperationOutcome for FHIR routes, RFC 9457 problem details for all others.
import { AppError, errorCatalogue } from '@xinglin/core/errors'
import { operationOutcome } from '@xinglin/core/fhir'

/** How errors are written: `fhir` as OperationOutcome, `problem` as application/problem+json. */
export type ErrorStyle = 'fhir' | 'problem'

/** An error as an HTTP answer. */
export interface ErrorAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What an error answer is made for. */
export interface ErrorContext {
  readonly style: ErrorStyle
  readonly traceId: string
  /** Path of the request without its query. */
  readonly instance?: string
}

const maxIssues = 50

function visibleError(error: unknown, traceId: string): AppError {
  if (error instanceof AppError && error.code !== 'internal') return error
  return new AppError('internal', `The server failed. Give this trace id to the operator: ${traceId}`)
}

function errorHeaders(error: AppError, style: ErrorStyle): Record<string, string> {
  const seconds = error.retryAfterSeconds
  return {
    'content-type':
      style === 'fhir' ? 'application/fhir+json; charset=utf-8' : 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    ...(seconds === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(seconds))) }),
    ...(error.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
  }
}

function problemDetails(error: AppError, context: ErrorContext): Readonly<Record<string, unknown>> {
  const isPlain = error.issues.length === 1 && error.issues[0]?.diagnostics === error.message
  return {
    type: `urn:xinglin:error:${error.code}`,
    title: errorCatalogue[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(context.instance === undefined ? {} : { instance: context.instance }),
    traceId: context.traceId,
    ...(isPlain ? {} : { issues: error.issues.slice(0, maxIssues) }),
  }
}

/** The answer for an error. Anything but an AppError is ours: the answer tells only the trace id. */
export function errorAnswer(error: unknown, context: ErrorContext): ErrorAnswer {
  const visible = visibleError(error, context.traceId)
  const body =
    context.style === 'fhir' ? operationOutcome(visible.issues.slice(0, maxIssues)) : problemDetails(visible, context)
  return { status: visible.status, headers: errorHeaders(visible, context.style), body: JSON.stringify(body) }
}

/** Says whether an error is the server's own fault, so that a person must look. */
export function isServerFault(error: unknown): boolean {
  return !(error instanceof AppError) || error.code === 'internal'
}
