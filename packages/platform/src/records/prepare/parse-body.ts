// Parses a JSON body within bounds: size by the route, depth here, because recursion over strangers' data must end.
import { AppError } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'

/** Deepest nesting of objects and arrays that is accepted. */
export const maxDepth = 120

/** Parses a resource; throws `malformed-body` for anything else than a JSON object with a resourceType. */
export function parseResource(text: string): Resource {
  const value = parseJson(text)
  if (!isObject(value)) throw new AppError('malformed-body', 'The body must be a FHIR resource as a JSON object')
  const type = value['resourceType']
  if (typeof type !== 'string' || type === '') {
    throw new AppError('malformed-body', 'The body has no resourceType; name the type of the resource')
  }
  return value as Resource
}

/** Parses JSON; throws `malformed-body` when it is none or nested too deeply. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw new AppError('malformed-body', 'The body is empty; send a FHIR resource as JSON')
  const value = parsed(text)
  if (!isShallow(value)) throw new AppError('malformed-body', `The body is nested deeper than ${maxDepth} levels`)
  return value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch (cause) {
    const where =
      cause instanceof SyntaxError ? /position \d+(?: \(line \d+ column \d+\))?/.exec(cause.message)?.[0] : ''
    throw new AppError(
      'malformed-body',
      `The body is not valid JSON${where === undefined || where === '' ? '' : ` at ${where}`}`,
    )
  }
}

function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth >= maxDepth) return false
  if (Array.isArray(value)) {
    for (const item of value) if (!isShallow(item, depth + 1)) return false
    return true
  }
  const object = value as Readonly<Record<string, unknown>>
  for (const name in object) if (!isShallow(object[name], depth + 1)) return false
  return true
}

/** Whether a parsed value is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
