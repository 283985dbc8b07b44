// How a route is asked: its parameters filled with what exists, and a body that fits its shape, so that it is the caller who is
// judged and not the request.
import { patients } from './callers.ts'
import { records } from './records.ts'

/** A request without its credential. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** One line of the table of routes, without who may. */
export interface RouteOfType {
  readonly method: string
  readonly route: string
  /** Resource type for `:type`, else empty. */
  readonly type: string
}

const uuid = '7f9d3a6e-6a3c-4f0e-9d57-0d3b8d1c2a11'
const uid = '1.2.840.99.1'

const bodies: Readonly<Record<string, object>> = {
  'POST /audit/events/:id/$erase': { reason: 'by law' },
  'POST /api/v1/identity/users': { username: 'probe', name: 'Probe', roles: ['clinician'], password: 'x' },
  'PUT /api/v1/identity/users/:id': { name: 'Probe', roles: ['clinician'], enabled: true },
  'PUT /api/v1/identity/users/:id/password': { password: 'x' },
  'PUT /api/v1/identity/me/password': { current: 'x', password: 'x' },
  'POST /api/v1/patients': {
    name: [{ use: 'official', family: 'Probe', given: ['P'] }],
    gender: 'male',
    birth_date: '2000-01-01',
    email: 'probe@example.org',
  },
  'POST /api/v1/patients/:id/break-glass': { reason: 'a probe of access' },
  'POST /cds-services/medication-safety': {
    hook: 'order-sign',
    hookInstance: uuid,
    context: { patientId: patients.asked, draftOrders: { resourceType: 'Bundle', entry: [] } },
  },
  'POST /triage': { symptoms: ['Cough'] },
  'POST /api/v1/triage/knowledge/versions': { changes: [] },
  'PUT /api/v1/imaging/studies/:study/patient': { patient: patients.asked },
  'POST /api/v1/imaging/readings': { study: uid, series: uid },
  'PUT /api/v1/models/:name/versions/:version/stage': { stage: 'archived' },
  'POST /fhir/Patient/$everything': { resourceType: 'Parameters' },
  'POST /fhir/Patient/:id/$everything': { resourceType: 'Parameters' },
  'POST /fhir': { resourceType: 'Bundle', type: 'batch' },
}

const event = {
  resourceType: 'AuditEvent',
  id: 'auditevent-asked',
  type: { code: 'rest' },
  recorded: '2026-01-01T00:00:00Z',
  agent: [{ requestor: true }],
  source: { observer: { display: 'x' } },
}

function recordOf(type: string): Readonly<Record<string, unknown>> {
  return [...records, event].findLast(({ resourceType }) => resourceType === type) ?? { resourceType: type }
}

function idFor({ route, type }: RouteOfType): string {
  const isPatient = type === 'Patient' || /\/patients\/|\/Patient\//.test(route)
  if (isPatient) return patients.asked
  return type === '' ? uuid : `${type.toLowerCase()}-asked`
}

/** Fills the route. A record is never deleted by a caller who may: what is asked for then is not there. */
export function requestFor(asked: RouteOfType, isAllowed: boolean): Asked {
  const { method, route, type } = asked
  const id = method === 'DELETE' && isAllowed ? 'not-there' : idFor(asked)
  const address = route
    .replace(':owner/:id', `Patient/${patients.asked}`)
    .replace(':type', type)
    .replace(':id', id)
    .replace(/:(study|series|instance)\b/g, uid)
    .replace(/:(version|number|frames)\b/g, '1')
    .replace(':traceId', '0'.repeat(32))
    .replace(/:[a-z]+\b/g, 'probe')
    .replace('*', 'health/ready')
  const isConditional = route === '/fhir/:type' && ['PUT', 'PATCH', 'DELETE'].includes(method)
  const path = isConditional ? `${address}?_id=${id}` : address
  return { method, path, ...bodyFor(asked) }
}

function bodyFor({ method, route, type }: RouteOfType): Pick<Asked, 'headers' | 'body'> {
  if (method === 'GET' || method === 'DELETE') return { headers: {} }
  const sent = (contentType: string, body: unknown) => ({
    headers: { 'content-type': contentType },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  if (route.endsWith('_search')) return sent('application/x-www-form-urlencoded', '')
  if (method === 'PATCH') return sent('application/json-patch+json', [])
  if (type !== '') return sent('application/fhir+json', recordOf(type))
  return sent(
    route.startsWith('/fhir') ? 'application/fhir+json' : 'application/json',
    bodies[`${method} ${route}`] ?? {},
  )
}
