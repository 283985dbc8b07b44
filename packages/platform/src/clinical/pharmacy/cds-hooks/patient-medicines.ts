// What a patient takes and is allergic to: from the hook's prefetch, else asked of the records as the caller.
import { AppError } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Caller } from '../../../kernel/caller.ts'
import type { CallService } from '../../../kernel/ports.ts'

/** Who asks. */
export interface Asking {
  readonly caller: Caller
  readonly traceId: string
}

interface SearchBundle {
  readonly entry?: readonly { readonly resource?: Resource }[]
  readonly link?: readonly { readonly relation: string; readonly url: string }[]
}

const maxPages = 20
const pageSize = 200

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const isResource = (value: unknown): value is Resource => typeof fieldsOf(value)['resourceType'] === 'string'

/** The resources of a Bundle that anybody may have sent; entries without one are passed over. */
export function resourcesOf(bundle: unknown): readonly Resource[] {
  const { entry } = fieldsOf(bundle)
  return Array.isArray(entry) ? entry.map((one) => fieldsOf(one)['resource']).filter(isResource) : []
}

/** Searches with the caller's own access, page by page; both reads stand in the audit trail. */
export async function searchAll(
  call: CallService,
  asking: Asking,
  service: string,
  query: string,
): Promise<readonly Resource[]> {
  const found: Resource[] = []
  let next: string | undefined = `/fhir/${query}&_count=${pageSize}`
  for (let page = 0; next !== undefined && page < maxPages; page += 1) {
    const traceparent = `00-${asking.traceId}-${asking.traceId.slice(0, 16)}-01`
    const answer = await call(service)(next, { caller: asking.caller, headers: { traceparent } })
    if (answer.status === 403) throw new AppError('forbidden', 'You may not see the medicines of this patient')
    if (!answer.ok) throw new AppError('unavailable', `The records answered ${answer.status} to ${query.split('?')[0]}`)
    const bundle = (await answer.json()) as SearchBundle // the records answer FHIR JSON
    found.push(...resourcesOf(bundle))
    const url = bundle.link?.find(({ relation }) => relation === 'next')?.url
    next = url === undefined ? undefined : new URL(url).pathname + new URL(url).search
  }
  return found
}
