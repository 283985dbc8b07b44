// The story of a federation: set up, four hospitals join, train and evaluate, and what came of it.

import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { caseMixes } from '@xinglin/core/federated'
import { type Hospital, startHospital } from './hospital-process.ts'

/** Asks the system as a data scientist; rejects when the answer is an error. */
export type AskJson = <T>(path: string, body?: object) => Promise<T>

/** What is played. */
export interface StoryOptions {
  readonly rounds: number
  readonly stays: number
  readonly strategy: string
  readonly seed: number
}

/** What came of it. */
export interface StoryEnd {
  readonly id: string
  readonly rounds: readonly { readonly number: number; readonly auc: number | undefined }[]
  readonly sites: readonly {
    readonly name: string
    readonly stays: number
    readonly auc: number | undefined
    /** All that left the hospital, in bytes. */
    readonly bytesLeft: number
  }[]
  readonly registered: string | null
}

/** Who hears of it. */
export interface Listener {
  readonly say: (line: string) => void
}

interface SiteBody {
  readonly name: string
  readonly bytesReceived: number
}
interface FederationBody {
  readonly id: string
  readonly state: string
  readonly reason: string | null
  readonly registered: string | null
  readonly sites: readonly SiteBody[]
  readonly flower: { readonly host: string; readonly port: number }
}
interface RoundBody {
  readonly number: number
  readonly metrics: Readonly<Record<string, number>> | null
  readonly sites: readonly {
    readonly site: string
    readonly examples: number | null
    readonly evaluation?: { readonly metrics: Readonly<Record<string, number>> }
  }[]
}
interface EventBody {
  readonly id: number
  readonly sentence: string
}

const base = '/api/v1/federations'
const askEveryMs = 300
const limitMs = 900_000
const model = 'icu_mortality_demo'

// Their numbers beyond the name are Flower's defaults, or mild ones of the papers.
const strategies: Readonly<Record<string, object>> = {
  fedavg: { kind: 'fedavg' },
  fedprox: { kind: 'fedprox', proximalMu: 0.1 },
  fedadam: { kind: 'fedadam', eta: 0.01 },
  'trimmed-mean': { kind: 'trimmed-mean', trim: 0.25 },
  fedmedian: { kind: 'fedmedian' },
}

function planOf({ rounds, strategy }: StoryOptions): object {
  const chosen = strategies[strategy]
  if (chosen === undefined) {
    throw new AppError('invalid-parameter', `There is no strategy ${strategy}: ${Object.keys(strategies).join(', ')}`)
  }
  return {
    name: 'ICU mortality of four hospitals',
    ...{ strategy: chosen, rounds, minSites: caseMixes.length, deadlineSeconds: 120, waitSeconds: 120 },
    ...{ join: 'token', metric: 'auc', standardise: true, model, config: { local_steps: 20, learning_rate: 0.003 } },
  }
}

async function openHospitals(ask: AskJson, federation: FederationBody, options: StoryOptions): Promise<Hospital[]> {
  const { host, port } = federation.flower
  const server = `${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`
  const hospitals: Hospital[] = []
  for (const [index, { name: mix }] of caseMixes.entries()) {
    const { token } = await ask<{ readonly token: string }>(`${base}/${federation.id}/sites`, { name: mix })
    hospitals.push(startHospital({ mix, server, token, stays: options.stays, seed: options.seed + index }))
  }
  return hospitals
}

async function follow(ask: AskJson, id: string, { say }: Listener): Promise<FederationBody> {
  const until = Date.now() + limitMs
  for (let after = 0; Date.now() < until; await delay(askEveryMs)) {
    const federation = await ask<FederationBody>(`${base}/${id}`)
    const { events } = await ask<{ readonly events: readonly EventBody[] }>(
      `${base}/${id}/events?_count=1000&after=${after}`,
    )
    for (const { sentence } of events) say(sentence)
    after = events.at(-1)?.id ?? after
    if (federation.state !== 'running') return federation
  }
  throw new AppError('timeout', `The federation ${id} has not ended after ${limitMs / 60_000} minutes`)
}

async function endOf(ask: AskJson, federation: FederationBody): Promise<StoryEnd> {
  const { id, registered } = federation
  const { rounds } = await ask<{ readonly rounds: readonly RoundBody[] }>(`${base}/${id}/rounds?_count=500`)
  const last = rounds.at(-1)
  return {
    id,
    registered,
    rounds: rounds.filter(({ number }) => number > 0).map(({ number, metrics }) => ({ number, auc: metrics?.auc })),
    sites: federation.sites.map(({ name, bytesReceived }) => {
      const own = last?.sites.find(({ site }) => site === name)
      return { name, stays: own?.examples ?? 0, auc: own?.evaluation?.metrics.auc, bytesLeft: bytesReceived }
    }),
  }
}

/**
 * Plays it: each hospital is a process of its own with its own synthetic stays.
 * @throws AppError when the federation does not finish
 */
export async function playFederation(ask: AskJson, options: StoryOptions, listener: Listener): Promise<StoryEnd> {
  const made = await ask<FederationBody>(base, planOf(options))
  const hospitals = await openHospitals(ask, made, options)
  try {
    listener.say(`Four hospitals start: processes ${hospitals.map(({ pid }) => pid).join(', ')}`)
    await ask(`${base}/${made.id}/start`, {})
    const federation = await follow(ask, made.id, listener)
    if (federation.state === 'finished') {
      await Promise.all(hospitals.map(({ ended }) => ended))
      return await endOf(ask, await ask<FederationBody>(`${base}/${made.id}`))
    }
    throw new AppError('unavailable', `The federation is ${federation.state}: ${federation.reason}`)
  } finally {
    await Promise.all(hospitals.map((hospital) => hospital.stop()))
  }
}
