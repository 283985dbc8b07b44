// What a check talks to the server with: plain HTTP, answers that are easy to look into, and a mark that keeps runs apart.
import assert from 'node:assert/strict'
import { type Answer, answerOf } from './answer.ts'
import { skip } from './check.ts'

/** A FHIR resource as JSON. */
export type Resource = Readonly<Record<string, unknown>>

/** A stored resource. */
export interface Stored extends Resource {
  readonly resourceType: string
  readonly id: string
}

/** Whose credential a request carries. */
export type Role = 'full' | 'patient' | 'nobody'

/** What is sent beside method and path. */
export interface Sending {
  /** A text is sent as it is; anything else as JSON. */
  readonly body?: unknown
  /** Content type; `application/fhir+json` where there is a body. */
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Where and as whom the suite runs. */
export interface Target {
  /** FHIR base without a slash at its end. */
  readonly base: string
  readonly token?: string | undefined
  /** Token of a caller that is bound to one patient. */
  readonly patientToken?: string | undefined
  /** Id of that patient. */
  readonly patient?: string | undefined
}

/** A client with one credential. */
export interface Client {
  readonly base: string
  /** Letters that no other run has: part of names, identifiers and tags. */
  readonly mark: string
  /** Id of the patient to whom the role `patient` is bound. */
  readonly patient: string | undefined
  /** The same for all clients of a run. */
  readonly run: object
  /** Sends a request; a path that starts with http is taken whole. */
  send(method: string, path: string, sending?: Sending): Promise<Answer>
  /** Creates a resource and returns it; fails the check when the answer is not 201. */
  create(resource: Resource): Promise<Stored>
  /** Stores a resource under its own id. */
  put(resource: Stored): Promise<Stored>
  /** A client of the same run with another credential; skips the check when there is no token for it. */
  as(role: Role): Client
}

const timeoutMs = 60_000

/** Makes the client of a run. */
export function createClient(target: Target, mark = newMark()): Client {
  return clientOf(target, { mark, run: {} }, 'full')
}

/** Twelve random letters. */
function newMark(): string {
  const numbers = crypto.getRandomValues(new Uint8Array(12))
  return Array.from(numbers, (number) => String.fromCharCode(97 + (number % 26))).join('')
}

function tokenOf(target: Target, role: Role): string | undefined {
  if (role === 'nobody') return undefined
  return role === 'patient' ? target.patientToken : target.token
}

function clientOf(target: Target, run: { readonly mark: string; readonly run: object }, role: Role): Client {
  const { base } = target
  const token = tokenOf(target, role)
  const send: Client['send'] = async (method, path, { body, type = 'application/fhir+json', headers = {} } = {}) => {
    const answer = await fetch(path.startsWith('http') ? path : `${base}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': type }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return await answerOf(answer, `${method} ${path}`)
  }
  return {
    base,
    ...run,
    patient: target.patient,
    send,
    async create(resource) {
      const options = { body: resource, headers: { prefer: 'return=representation' } }
      const answer = await send('POST', `/${resource['resourceType']}`, options)
      return stored(answer.expect(201))
    },
    async put(resource) {
      const options = { body: resource, headers: { prefer: 'return=representation' } }
      const answer = await send('PUT', `/${resource.resourceType}/${resource.id}`, options)
      return stored(answer.expect(200, 201))
    },
    as(other) {
      if (other === 'patient' && (target.patientToken === undefined || target.patient === undefined)) {
        skip('needs --token-patient and --patient')
      }
      if (other === 'nobody' && target.token === undefined) skip('the server is used without a token')
      return clientOf(target, run, other)
    },
  }
}

function stored(answer: Answer): Stored {
  const { resourceType, id } = answer.body ?? {}
  assert.ok(typeof resourceType === 'string' && typeof id === 'string', `${answer.asked} returned no resource`)
  return { ...answer.body, resourceType, id }
}
