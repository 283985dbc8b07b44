// Writers that load a system and keep a ledger of what it acknowledged: single creates, transactions, and a shared counter.
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** What the system said yes to. */
export interface Ledger {
  /** References of acknowledged records, `Type/id`, in order of acknowledgement. */
  readonly acknowledged: readonly string[]
  /** Requests whose answer never came: they may or may not have happened. */
  readonly uncertain: number
}

/** A group of writers. */
export interface Writers {
  readonly ledger: Ledger
  start(): Promise<void>
  /** Stops after the requests under way. */
  stop(): Promise<void>
  /** True when the shared counter shows no lost update: not below the acknowledged increments, not above those plus the uncertain ones. */
  counterHolds(): Promise<boolean>
}

interface WriterOptions {
  readonly url: string
  readonly writers: number
  readonly token: () => Promise<string>
}

const counterId = 'shared-counter'

interface Tally {
  readonly acknowledged: string[]
  uncertain: number
  counterAcknowledged: number
  counterUncertain: number
}

function observation(value: number) {
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    valueQuantity: { value },
  }
}

class WriterGroup implements Writers {
  readonly #options: WriterOptions
  readonly #tally: Tally = { acknowledged: [], uncertain: 0, counterAcknowledged: 0, counterUncertain: 0 }
  #agent: Agent | undefined
  #token = ''
  #running: Promise<void>[] = []
  #isStopping = false

  constructor(options: WriterOptions) {
    this.#options = options
  }

  get ledger(): Ledger {
    return this.#tally
  }

  async start(): Promise<void> {
    this.#isStopping = false
    this.#agent = new Agent({ connections: this.#options.writers })
    this.#token = await this.#options.token()
    const loop = async (number: number): Promise<void> => {
      while (!this.#isStopping) await this.#writeOnce(number)
    }
    this.#running = Array.from({ length: this.#options.writers }, (_, number) => loop(number))
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#running)
    this.#running = []
    await this.#agent?.close()
    this.#agent = undefined
  }

  async counterHolds(): Promise<boolean> {
    this.#token = await this.#options.token()
    const value = await this.#readCounter()
    const { counterAcknowledged, counterUncertain } = this.#tally
    return (value?.value ?? 0) >= counterAcknowledged && (value?.value ?? 0) <= counterAcknowledged + counterUncertain
  }

  async #send(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) {
    const answer = await request(`${this.#options.url}/fhir${path}`, {
      method,
      ...(this.#agent === undefined ? {} : { dispatcher: this.#agent }),
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/fhir+json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headersTimeout: 15_000,
      bodyTimeout: 15_000,
    })
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
  }

  async #writeOnce(number: number): Promise<void> {
    const kind = number % 4
    try {
      if (kind === 0) await this.#incrementCounter()
      else if (kind === 1) await this.#transaction()
      else await this.#create()
    } catch {
      this.#tally.uncertain += 1
      await delay(20)
    }
  }

  async #create(): Promise<void> {
    const answer = await this.#send('POST', '/Observation', observation(this.#tally.acknowledged.length))
    if (answer.status !== 201) return void (await delay(20))
    this.#tally.acknowledged.push(`Observation/${(JSON.parse(answer.text) as { readonly id: string }).id}`)
  }

  async #transaction(): Promise<void> {
    const entry = Array.from({ length: 10 }, (_, index) => ({
      resource: observation(index),
      request: { method: 'POST', url: 'Observation' },
    }))
    const answer = await this.#send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })
    if (answer.status !== 200) return void (await delay(20))
    const body = JSON.parse(answer.text) as {
      readonly entry: readonly { readonly response: { readonly location: string } }[]
    }
    this.#tally.acknowledged.push(
      ...body.entry.map(({ response }) => /Observation\/[^/]+/.exec(response.location)?.[0] ?? 'Observation/none'),
    )
  }

  async #readCounter(): Promise<{ readonly value: number; readonly etag: string } | undefined> {
    const answer = await this.#send('GET', `/Basic/${counterId}`)
    if (answer.status !== 200) return undefined
    const body = JSON.parse(answer.text) as { readonly extension: readonly { readonly valueInteger: number }[] }
    return { value: body.extension[0]?.valueInteger ?? 0, etag: String(answer.headers.etag) }
  }

  async #incrementCounter(): Promise<void> {
    const current = await this.#readCounter()
    const value = (current?.value ?? 0) + 1
    const basic = {
      resourceType: 'Basic',
      id: counterId,
      code: { text: 'counter' },
      extension: [{ url: 'urn:xinglin:counter', valueInteger: value }],
    }
    try {
      const answer = await this.#send(
        'PUT',
        `/Basic/${counterId}`,
        basic,
        current === undefined ? { 'if-none-match': '*' } : { 'if-match': current.etag },
      )
      if (answer.status === 200 || answer.status === 201) this.#tally.counterAcknowledged += 1
      // A failing server may have committed before it failed.
      else if (answer.status >= 500) this.#tally.counterUncertain += 1
    } catch (error) {
      this.#tally.counterUncertain += 1
      throw error
    }
  }
}

/** Makes writers; they write until stopped and may be started again. */
export function createWriters(options: WriterOptions): Writers {
  return new WriterGroup(options)
}
