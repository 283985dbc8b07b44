// Federations as the gateway serves them: their plan, sites, rounds and feed.
import type { Request } from './client.ts'

/** Where a federation stands. */
export type FederationState = 'created' | 'running' | 'finished' | 'cancelled' | 'failed'

/** A hospital of a federation. */
export interface FederationSite {
  readonly name: string
  readonly isConnected: boolean
  /** From the server to the site. */
  readonly bytesSent: number
  /** From the site to the server: all that left the hospital. */
  readonly bytesReceived: number
}

/** A federation. */
export interface Federation {
  readonly id: string
  readonly name: string
  readonly state: FederationState
  readonly plan: {
    readonly strategy: { readonly kind: string }
    readonly rounds: number
    readonly minSites: number
    readonly metric: string
  }
  /** In English. */
  readonly reason: string | null
  readonly bestRound: number | null
  readonly bestValue: number | null
  readonly registered: string | null
  readonly createdAt: string
}

/** A federation with its sites. */
export interface FederationDetail extends Federation {
  readonly sites: readonly FederationSite[]
}

/** What a site did in a round. */
export interface RoundSite {
  readonly site: string
  readonly outcome: 'returned' | 'dropped'
  readonly examples: number | null
  readonly evaluation?: { readonly loss: number; readonly metrics: Readonly<Record<string, number>> }
}

/** A round; number 0 holds the weights that training started from. */
export interface FederationRound {
  readonly number: number
  readonly asked: number
  readonly returned: number
  readonly loss: number | null
  readonly metrics: Readonly<Record<string, number>> | null
  readonly sites: readonly RoundSite[]
}

/** Something that happened. */
export interface FederationEvent {
  readonly id: number
  readonly at: string
  readonly kind: string
  readonly round?: number
  readonly site?: string
  readonly detail: Readonly<Record<string, string | number>>
}

const base = '/api/v1/federations'

/** The newest federations. */
export async function fetchFederations(request: Request, signal: AbortSignal): Promise<readonly Federation[]> {
  return (await request<{ readonly federations: readonly Federation[] }>(`${base}?_count=50`, { signal })).federations
}

/** One federation with its sites. */
export function fetchFederation(request: Request, id: string, signal: AbortSignal): Promise<FederationDetail> {
  return request<FederationDetail>(`${base}/${encodeURIComponent(id)}`, { signal })
}

/** Its newest rounds, at most 500. */
export async function fetchRounds(
  request: Request,
  id: string,
  signal: AbortSignal,
): Promise<readonly FederationRound[]> {
  const path = `${base}/${encodeURIComponent(id)}/rounds?_count=500`
  return (await request<{ readonly rounds: readonly FederationRound[] }>(path, { signal })).rounds
}

/** Its feed so far, oldest first, at most 1,000. */
export async function fetchFeed(
  request: Request,
  id: string,
  signal: AbortSignal,
): Promise<readonly FederationEvent[]> {
  const path = `${base}/${encodeURIComponent(id)}/events?_count=1000`
  return (await request<{ readonly events: readonly FederationEvent[] }>(path, { signal })).events
}

/** Starts or cancels one. */
export function changeFederation(request: Request, id: string, change: 'start' | 'cancel'): Promise<Federation> {
  return request<Federation>(`${base}/${encodeURIComponent(id)}/${change}`, { method: 'POST' })
}

/** Address of its feed as it happens (server-sent events). */
export const feedAddress = (id: string, after: number): string =>
  `${base}/${encodeURIComponent(id)}/events?after=${after}`
