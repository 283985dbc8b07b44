// The care pathway as a load: people register, are seen, measured, triaged and have their risk predicted, at a steady pace.
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Sample } from './sample.ts'

/** What the load takes. */
export interface PathwayOptions {
  readonly gatewayUrl: string
  /** Bearer tokens by role. */
  readonly tokens: { readonly admin: string; readonly clinician: string; readonly scientist: string }
  /** People in the house at once. */
  readonly lanes: number
  /** Requests a second of all together, as long as answers keep up. */
  readonly perSecond: number
  /** Served model of the prediction; none is asked when undefined. */
  readonly model: { readonly name: string; readonly input: string; readonly shape: readonly number[] } | undefined
}

/** A load under way. */
export interface Pathway {
  readonly samples: readonly Sample[]
  /** References of acknowledged records, `Type/id`. */
  readonly acknowledged: readonly string[]
  start(): void
  /** Ends after the requests under way. */
  stop(): Promise<void>
}

interface Step {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: unknown
  readonly token: string
  readonly wanted: number
}

interface Visit {
  readonly patient: string
  readonly encounter: string | undefined
  readonly observation: string | undefined
  /** The observation as it was measured. */
  readonly measured: object
}

const limitMs = 20_000
const afterFailureMs = 50
const heartRate = { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] }
const people = ['王芳', '李伟', '张敏', '刘洋', '陈静'] // invented; the commonest family names

class CareLoad implements Pathway {
  readonly samples: Sample[] = []
  readonly acknowledged: string[] = []
  readonly #options: PathwayOptions
  readonly #agent: Agent
  readonly #stopping = new AbortController()
  #running: Promise<void>[] = []
  /** Seen last, asked about again while nobody new can be registered. */
  #known: Visit | undefined

  constructor(options: PathwayOptions) {
    this.#options = options
    this.#agent = new Agent({ connections: options.lanes, pipelining: 1 })
  }

  start(): void {
    this.#running = Array.from({ length: this.#options.lanes }, (_, lane) => this.#walk(lane))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#running)
    await this.#agent.destroy()
  }

  async #walk(lane: number): Promise<void> {
    const { lanes, perSecond } = this.#options
    const everyMs = (1000 * lanes) / perSecond
    let nextMs = performance.now() + (everyMs * lane) / lanes
    const send = async (step: Step): Promise<string | undefined> => {
      await pause(Math.max(0, nextMs - performance.now()))
      nextMs = Math.max(nextMs + everyMs, performance.now()) // what could not be sent in time is not made up for
      return this.#send(step)
    }
    for (let number = 0; !this.#stopping.signal.aborted; number += 1) await this.#visit(send, number)
  }

  async #visit(send: (step: Step) => Promise<string | undefined>, number: number): Promise<void> {
    const { admin, clinician } = this.#options.tokens
    const fhir = (name: string, method: Step['method'], path: string, body?: unknown): Step => ({
      name,
      method,
      path: `/fhir/${path}`,
      token: admin,
      wanted: method === 'POST' ? 201 : 200,
      ...(body === undefined ? {} : { body }),
    })
    const name = people[number % people.length] ?? ''
    const person = { resourceType: 'Patient', name: [{ family: name.slice(0, 1), given: [name.slice(1)] }] }
    const patient = await send(fhir('register', 'POST', 'Patient', person))
    if (patient === undefined) return this.#look(send, this.#known, fhir)
    const subject = { reference: `Patient/${patient}` }
    const encounter = await send(
      fhir('encounter', 'POST', 'Encounter', {
        resourceType: 'Encounter',
        status: 'in-progress',
        class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
        subject,
      }),
    )
    const measured = {
      resourceType: 'Observation',
      status: 'final',
      code: heartRate,
      subject,
      ...(encounter === undefined ? {} : { encounter: { reference: `Encounter/${encounter}` } }),
      valueQuantity: { value: 60 + (number % 40), unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    }
    const observation = await send(fhir('observation', 'POST', 'Observation', measured))
    const visit: Visit = { patient, encounter, observation, measured }
    this.#known = visit
    await this.#look(send, visit, fhir)
    await send({
      name: 'triage',
      method: 'POST',
      path: '/triage',
      body: ['Cough', 'Fever'],
      token: clinician,
      wanted: 200,
    })
    await this.#predict(send)
  }

  async #look(
    send: (step: Step) => Promise<string | undefined>,
    visit: Visit | undefined,
    fhir: (name: string, method: Step['method'], path: string, body?: unknown) => Step,
  ): Promise<void> {
    if (visit === undefined) return
    const { patient, encounter, observation, measured } = visit
    await send(fhir('read patient', 'GET', `Patient/${patient}`))
    await send(fhir('search patients', 'GET', 'Patient?name=wang&_count=5'))
    if (encounter !== undefined) await send(fhir('read encounter', 'GET', `Encounter/${encounter}`))
    if (observation !== undefined) {
      const corrected = { ...measured, id: observation, status: 'amended' }
      await send(fhir('correct observation', 'PUT', `Observation/${observation}`, corrected))
    }
    await send(fhir('search observations', 'GET', `Observation?patient=${patient}&_sort=-date&_count=5`))
    await send(fhir('read patient again', 'GET', `Patient/${patient}`))
  }

  async #predict(send: (step: Step) => Promise<string | undefined>): Promise<void> {
    const { model, tokens } = this.#options
    if (model === undefined) return
    const shape = model.shape.map((size) => Math.max(1, size))
    const count = shape.reduce((product, size) => product * size, 1)
    const data = Array.from({ length: count }, (_, index) => (index % 7) / 7)
    const inputs = [{ name: model.input, datatype: 'FP32', shape, data }]
    const path = `/v2/models/${model.name}`
    await send({ name: 'model', method: 'GET', path, token: tokens.scientist, wanted: 200 })
    const body = { inputs }
    await send({ name: 'predict', method: 'POST', path: `${path}/infer`, body, token: tokens.scientist, wanted: 200 })
  }

  // Gives the id of what was made.
  async #send(step: Step): Promise<string | undefined> {
    const atMs = performance.now()
    const answer = await this.#ask(step)
    const isGood = answer.status === step.wanted
    const { name, method } = step
    this.samples.push({
      atMs,
      ms: performance.now() - atMs,
      step: name,
      isIdempotent: method !== 'POST',
      status: answer.status,
      isGood,
      hasRetryAfter: answer.hasRetryAfter,
    })
    if (!isGood) {
      await pause(afterFailureMs)
      return undefined
    }
    const { resourceType, id } = answer.body
    if (step.wanted !== 201 || typeof id !== 'string') return ''
    this.acknowledged.push(`${resourceType}/${id}`)
    return id
  }

  async #ask({ method, path, body, token }: Step) {
    try {
      const answer = await request(`${this.#options.gatewayUrl}${path}`, {
        method,
        dispatcher: this.#agent,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined
            ? {}
            : { 'content-type': path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(limitMs),
      })
      const text = await answer.body.text()
      const isJson = answer.statusCode === 201
      return {
        status: answer.statusCode,
        hasRetryAfter: answer.headers['retry-after'] !== undefined,
        body: (isJson ? JSON.parse(text) : {}) as { readonly resourceType?: string; readonly id?: string },
      }
    } catch {
      return { status: 0, hasRetryAfter: false, body: {} } // the sample tells it
    }
  }
}

/** Makes the load; it is started and stopped once. */
export function createPathway(options: PathwayOptions): Pathway {
  return new CareLoad(options)
}
