// Sends units to a FHIR server: a few at a time, patient with a server that restarts, exact about what was refused.
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { type Dispatcher, request } from 'undici'
import type { Unit } from './units.ts'

/** Where and how to send. */
export interface Target {
  /** FHIR base, e.g. `http://127.0.0.1:8080/fhir`. */
  readonly fhirUrl: string
  readonly token: () => Promise<string>
  /** How long a server that is away or busy is waited for. */
  readonly patienceMs: number
  readonly dispatcher?: Dispatcher
  readonly signal?: AbortSignal
}

/** What became of a unit. */
export interface Sent {
  readonly accepted: number
  /** Refusals in the server's words, with the place in the file, or in the Bundle where the file has one. */
  readonly refusals: readonly string[]
  /** Which entries they are about, from 0 on; absent when the unit was refused as a whole. */
  readonly refusedAt?: readonly number[]
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly retryAfterMs: number
}

const busy = [429, 502, 503, 504]

async function post(unit: Unit, target: Target): Promise<Answer | undefined> {
  try {
    const { statusCode, headers, body } = await request(target.fhirUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/fhir+json',
        authorization: `Bearer ${await target.token()}`,
        prefer: 'return=minimal',
        // What is there already shall make no version; a server that does not know the wish makes one.
        'x-fhir-update-if-modified': 'true',
      },
      body: JSON.stringify(unit.bundle),
      headersTimeout: 300_000,
      bodyTimeout: 300_000,
      ...(target.dispatcher === undefined ? {} : { dispatcher: target.dispatcher }),
      ...(target.signal === undefined ? {} : { signal: target.signal }),
    })
    const retryAfterMs = 1000 * (Number(headers['retry-after']) || 0)
    return { status: statusCode, body: await body.text(), retryAfterMs }
  } catch (error) {
    if (target.signal?.aborted === true) throw error
    return undefined
  }
}

interface OutcomeLike {
  readonly issue?: readonly { readonly diagnostics?: string; readonly expression?: readonly string[] }[]
  readonly detail?: string
}

function words(outcome: OutcomeLike | undefined): string {
  const issues = (outcome?.issue ?? []).map((issue) =>
    [issue.expression?.[0], issue.diagnostics].filter(Boolean).join(': '),
  )
  return issues.join('; ') || outcome?.detail || 'no reason given'
}

function parse(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body) as Record<string, unknown>
  } catch {
    return {}
  }
}

function readAnswer(unit: Unit, answer: Answer): Sent {
  const body = parse(answer.body)
  if (answer.status >= 300) return { accepted: 0, refusals: [`${answer.status}: ${words(body as OutcomeLike)}`] }
  const entries = (body.entry ?? []) as readonly {
    readonly response?: { readonly status?: string; readonly outcome?: OutcomeLike }
  }[]
  const refusedAt = entries.flatMap(({ response }, at) => (response?.status?.startsWith('2') === true ? [] : [at]))
  const refusals = refusedAt.map((at) => {
    const { status = '', outcome } = entries[at]?.response ?? {}
    return `${unit.parts[at]?.source ?? `entry[${at}]`}: ${status}: ${words(outcome)}`
  })
  return { accepted: unit.resources - refusals.length, refusals, refusedAt }
}

/**
 * Sends one unit and waits for the answer; a lost connection or a busy server is tried again, which is safe because
 * units are repeatable.
 * @throws AppError `unavailable` when the server stays away longer than the patience
 */
export async function sendUnit(unit: Unit, target: Target): Promise<Sent> {
  const until = Date.now() + target.patienceMs
  for (let attempt = 0; ; attempt += 1) {
    const answer = await post(unit, target)
    if (answer !== undefined && !busy.includes(answer.status)) return readAnswer(unit, answer)
    const pauseMs = Math.max(answer?.retryAfterMs ?? 0, Math.min(5000, 200 * 2 ** attempt) * (0.5 + Math.random() / 2))
    if (Date.now() + pauseMs > until)
      throw new AppError(
        'unavailable',
        `${target.fhirUrl} did not answer for ${Math.round(target.patienceMs / 1000)} s; what was acknowledged is kept, run the same import again to go on`,
      )
    await delay(pauseMs, undefined, target.signal === undefined ? {} : { signal: target.signal })
  }
}
