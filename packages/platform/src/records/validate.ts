// $validate: the findings about a resource that is not to be stored (http://hl7.org/fhir/R4/resource-operation-validate.html).
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import { recordRead } from './audited.ts'
import type { RecordParts } from './parts.ts'
import { isObject, parseResource } from './prepare/parse-body.ts'
import type { RecordContext } from './types.ts'

/** The findings, also about the body's shape; audited. */
export async function validateContent(
  parts: RecordParts,
  context: RecordContext,
  body: { readonly type: string; readonly text: string },
): Promise<readonly Issue[]> {
  const access = { action: 'E', interaction: '$validate', entities: [body.type], patients: [] } as const
  await recordRead(parts.audit, context, access)
  try {
    const resource = unwrapped(parseResource(body.text).value, body.type)
    if (resource.resourceType === body.type) return parts.commit.tools.validate(resource)
    const diagnostics = `The address takes a ${body.type}, but the body is a ${resource.resourceType.slice(0, 64)}`
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
