// What $validate finds in a text (http://hl7.org/fhir/R4/resource-operation-validate.html).
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import { isObject, parseResource } from './parse-body.ts'

/** The findings about a text that should be a resource of the type, also about its shape. */
export function findingsAbout(
  text: string,
  type: string,
  validate: (resource: Resource) => readonly Issue[],
): readonly Issue[] {
  try {
    const resource = unwrapped(parseResource(text).value, type)
    if (resource.resourceType === type) return validate(resource)
    const diagnostics = `The address takes a ${type}, but the body is a ${resource.resourceType.slice(0, 64)}`
    return [{ severity: 'error', code: 'invalid', diagnostics }]
  } catch (error) {
    if (error instanceof AppError) return error.issues
    throw error
  }
}

// The resource comes alone or in Parameters.parameter[name = resource].
function unwrapped(body: Resource, type: string): Resource {
  if (body.resourceType !== 'Parameters' || type === 'Parameters') return body
  const list = Array.isArray(body['parameter']) ? body['parameter'] : []
  const found: unknown = list.find((item) => isObject(item) && item['name'] === 'resource')
  const resource = isObject(found) ? found['resource'] : undefined
  if (isObject(resource) && typeof resource['resourceType'] === 'string') return resource as Resource
  throw new AppError('invalid-request', 'Parameters must have a parameter named resource that holds the resource')
}
