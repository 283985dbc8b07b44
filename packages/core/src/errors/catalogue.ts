// The catalogue of everything Xinglin refuses or fails at: one stable code each, with its HTTP status and FHIR issue type.
// docs/errors.md is compared with this table by a test.

/** FHIR R4 IssueType codes used by Xinglin (http://hl7.org/fhir/R4/valueset-issue-type.html). */
export type IssueType =
  | 'invalid'
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'security'
  | 'login'
  | 'expired'
  | 'forbidden'
  | 'suppressed'
  | 'processing'
  | 'not-supported'
  | 'duplicate'
  | 'multiple-matches'
  | 'not-found'
  | 'deleted'
  | 'too-long'
  | 'code-invalid'
  | 'extension'
  | 'too-costly'
  | 'business-rule'
  | 'conflict'
  | 'transient'
  | 'lock-error'
  | 'no-store'
  | 'exception'
  | 'timeout'
  | 'incomplete'
  | 'throttled'
  | 'informational'

interface ErrorKind {
  readonly status: number
  readonly issue: IssueType
  /** A short title for humans; the detail of each case is given where it is thrown. */
  readonly title: string
}

/** Every error code with its HTTP status, FHIR issue type and title. */
export const errorCatalogue = {
  'invalid-request': { status: 400, issue: 'invalid', title: 'The request is not understandable as sent' },
  'malformed-body': { status: 400, issue: 'structure', title: 'The body cannot be parsed' },
  'invalid-resource': { status: 400, issue: 'structure', title: 'The resource is not valid FHIR R4' },
  'unknown-parameter': {
    status: 400,
    issue: 'not-supported',
    title: 'A search parameter or modifier is not supported',
  },
  'invalid-parameter': { status: 400, issue: 'value', title: 'A parameter has a value that cannot be used' },
  'invalid-patch': { status: 400, issue: 'invalid', title: 'The patch cannot be applied' },
  unauthenticated: { status: 401, issue: 'login', title: 'A valid credential is required' },
  forbidden: { status: 403, issue: 'forbidden', title: 'The caller may not do this' },
  'not-found': { status: 404, issue: 'not-found', title: 'Nothing is known under this address' },
  'method-not-allowed': { status: 405, issue: 'not-supported', title: 'This address does not take this method' },
  'not-acceptable': { status: 406, issue: 'not-supported', title: 'None of the accepted formats can be served' },
  conflict: { status: 409, issue: 'conflict', title: 'The request conflicts with the current state' },
  deleted: { status: 410, issue: 'deleted', title: 'The resource was deleted' },
  'multiple-matches': { status: 412, issue: 'multiple-matches', title: 'The condition matches more than one resource' },
  'precondition-failed': { status: 412, issue: 'conflict', title: 'The resource has changed since it was read' },
  'too-large': { status: 413, issue: 'too-long', title: 'The body is larger than the limit' },
  'unsupported-media-type': { status: 415, issue: 'not-supported', title: 'The content type is not supported' },
  unprocessable: { status: 422, issue: 'processing', title: 'The content cannot be accepted' },
  'business-rule': { status: 422, issue: 'business-rule', title: 'A rule of the service refuses the change' },
  'too-many-requests': { status: 429, issue: 'throttled', title: 'The rate limit is reached' },
  'header-too-large': { status: 431, issue: 'too-long', title: 'The headers or the address are larger than the limit' },
  internal: { status: 500, issue: 'exception', title: 'The server failed; the trace id tells which case' },
  'not-implemented': { status: 501, issue: 'not-supported', title: 'This is not supported' },
  'bad-gateway': { status: 502, issue: 'transient', title: 'The service behind the gateway gave no valid answer' },
  unavailable: { status: 503, issue: 'transient', title: 'A part that is needed is not available now' },
  timeout: { status: 504, issue: 'timeout', title: 'The answer did not come in time' },
} as const satisfies Record<string, ErrorKind>

/** A stable code of the error catalogue. */
export type ErrorCode = keyof typeof errorCatalogue
