// The door to errors: expected outcomes are an AppError with a stable code; bugs are thrown as they are.
import { type ErrorCode, errorCatalogue } from './catalogue.ts'

export { type ErrorCode, errorCatalogue, type IssueType } from './catalogue.ts'

/** One finding about a request or a resource, in the words of OperationOutcome.issue. */
export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information'
  /** FHIR IssueType. */
  readonly code: import('./catalogue.ts').IssueType
  /** A sentence for a human: what was wrong and how to mend it. Never contains other patients' data. */
  readonly diagnostics: string
  /** FHIRPath of the element, e.g. `Patient.name[0].use`. */
  readonly expression?: string
  /** The stable id of the rule or error, e.g. `medication-dispense.quantity-left`. */
  readonly rule?: string
}

/** Options of {@link AppError}. */
export interface AppErrorOptions {
  /** Findings in detail; without them one issue is made from code and message. */
  readonly issues?: readonly Issue[]
  readonly cause?: unknown
  /** Seconds after which a retry makes sense (429, 503). */
  readonly retryAfterSeconds?: number
}

/** An expected outcome (not found, conflict, forbidden, invalid …) with a stable code and a sentence for a human. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly issues: readonly Issue[]
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
    this.issues = options.issues ?? [{ severity: 'error', code: errorCatalogue[code].issue, diagnostics: message }]
  }

  /** The HTTP status of the code. */
  get status(): number {
    return errorCatalogue[this.code].status
  }
}
