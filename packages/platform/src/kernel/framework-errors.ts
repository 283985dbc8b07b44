// What Fastify itself refuses (bodies, schemas, limits), in the errors of the house.
import { AppError, type ErrorCode, errorCatalogue } from '@xinglin/core/errors'

const maxIssues = 50
const fastifyCodes: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', ['too-large', 'The body is larger than the limit of this address']],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', ['unsupported-media-type', 'This address does not take this content type']],
  ['FST_ERR_CTP_INVALID_JSON_BODY', ['malformed-body', 'The body is not valid JSON']],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', ['malformed-body', 'The body is empty; send JSON or no content type']],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', ['malformed-body', 'The body is not as long as Content-Length says']],
  ['FST_ERR_HANDLER_TIMEOUT', ['timeout', 'The answer did not come in time; ask for less at once or try again']],
  ['FST_ERR_MAX_PARAM_LENGTH', ['header-too-large', 'A part of the address is longer than the limit']],
  ['FST_ERR_BAD_URL', ['invalid-request', 'The address is not a valid URL (percent-encoding)']],
])

interface FrameworkError {
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly name?: unknown
  readonly validation?: readonly ValidationFault[]
  readonly validationContext?: string
}

interface ValidationFault {
  readonly instancePath: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
}

const extra = (fault: ValidationFault): string | undefined =>
  [fault.params['additionalProperty'], fault.params['missingProperty'], fault.params['propertyName']]
    .filter((name) => typeof name === 'string')
    .map((name) => String(name).slice(0, 100))[0]

function validationError(error: FrameworkError, code: ErrorCode): AppError {
  const issues = (error.validation ?? []).slice(0, maxIssues).map((fault) => {
    const path = [...fault.instancePath.split('/').slice(1), extra(fault)]
      .filter((part) => part !== undefined)
      .join('.')
    const allowed = fault.params['allowedValues']
    const choice = Array.isArray(allowed) ? `: ${allowed.join(', ')}` : ''
    const where = path === '' ? (error.validationContext ?? 'body') : `${error.validationContext ?? 'body'}.${path}`
    return {
      severity: 'error' as const,
      code: errorCatalogue[code].issue,
      diagnostics: `${where} ${fault.message ?? 'is not valid'}${choice}`,
      expression: path === '' ? (error.validationContext ?? 'body') : path,
    }
  })
  return new AppError(code, issues.map((issue) => issue.diagnostics).join('; '), { issues })
}

/**
 * The error of the house for what Fastify itself refuses; other errors pass as they are.
 * @param whenInvalid code for a body, query or parameter that does not fit its schema
 */
export function fromFramework(error: unknown, whenInvalid: ErrorCode): unknown {
  if (error instanceof AppError || typeof error !== 'object' || error === null) return error
  const it = error as FrameworkError
  if (it.validation !== undefined) return validationError(it, whenInvalid)
  const known = fastifyCodes.get(String(it.code))
  if (known !== undefined) return new AppError(known[0], known[1], { cause: error })
  if (typeof it.statusCode !== 'number' || it.statusCode < 400 || it.statusCode > 499) return error
  return it.name === 'SyntaxError'
    ? new AppError('malformed-body', 'The body is not valid JSON', { cause: error })
    : new AppError('invalid-request', 'The request is not understandable as sent', { cause: error })
}
