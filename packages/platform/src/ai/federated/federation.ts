// What a federation is: its plan, its state, and the words of its feed.
import type { SiteEvaluation, Standardisation, Strategy } from '@xinglin/core/federated'

/** What is agreed before training begins. */
export interface Plan {
  readonly strategy: Strategy
  readonly rounds: number
  /** Sites that must return weights for a round to count. */
  readonly minSites: number
  /** Longest time for a round's training, and for its evaluation. */
  readonly deadlineSeconds: number
  /** Longest wait for the sites to come. */
  readonly waitSeconds: number
  /** `open`: whoever joins without a token too; `token`: known sites only. */
  readonly join: 'open' | 'token'
  /** Decides which round is best: `loss`, or a metric that the sites report. */
  readonly metric: string
  /** Sent to each site with every fit and evaluation, e.g. `local_epochs`. */
  readonly config: Readonly<Record<string, number | string | boolean>>
  /** Asks the sites for sums of their features and sends the pooled mean and deviation back. */
  readonly standardise: boolean
  /** Name under which the best model is put into the model registry. */
  readonly model?: string
}

/** Where a federation stands. */
export type FederationState = 'created' | 'running' | 'finished' | 'cancelled' | 'failed'

/** A federation as stored. */
export interface Federation {
  readonly id: string
  readonly name: string
  readonly plan: Plan
  readonly state: FederationState
  readonly reason: string | null
  readonly standardisation: StoredStandardisation | null
  readonly bestRound: number | null
  readonly bestValue: number | null
  readonly registered: string | null
  readonly createdBy: string
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly endedAt: Date | null
}

/** Mean and deviation by feature, as JSON. */
export interface StoredStandardisation {
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
}

/** A hospital of a federation. */
export interface Site {
  readonly name: string
  readonly hasToken: boolean
  readonly isRecognisable: boolean
  readonly isConnected: boolean
  /** From the server to the site, all rounds together. */
  readonly bytesSent: number
  /** From the site to the server: all that left the hospital. */
  readonly bytesReceived: number
  readonly joinedAt: Date | null
  readonly leftAt: Date | null
}

/** A round as stored; 0 holds the weights that training started from. */
export interface Round {
  readonly number: number
  readonly state: 'fit' | 'aggregated' | 'done'
  readonly openedAt: Date
  readonly closedAt: Date | null
  readonly asked: number
  readonly returned: number
  readonly weightsKey: string | null
  readonly momentsKey: string | null
  readonly loss: number | null
  readonly metrics: Readonly<Record<string, number>> | null
}

/** What a site did in a round. */
export interface RoundSite {
  readonly round: number
  readonly site: string
  readonly outcome: 'returned' | 'dropped'
  readonly reason: string | null
  readonly examples: number | null
  readonly metrics: Readonly<Record<string, number>> | null
  readonly weightsKey: string | null
  readonly seconds: number | null
  readonly bytesSent: number
  readonly bytesReceived: number
}

/** A site's word on the model of a round. */
export interface StoredEvaluation extends SiteEvaluation {
  readonly round: number
  readonly site: string
}

/** Kinds of the feed. */
export type FeedKind =
  | 'started'
  | 'resumed'
  | 'site-joined'
  | 'site-left'
  | 'waiting'
  | 'standardised'
  | 'round-opened'
  | 'site-returned'
  | 'site-dropped'
  | 'round-short'
  | 'aggregated'
  | 'evaluated'
  | 'registered'
  | 'not-registered'
  | 'finished'
  | 'cancelled'
  | 'failed'

/** Something that happened, for people who watch. */
export interface FeedEvent {
  readonly kind: FeedKind
  readonly round?: number
  readonly site?: string
  readonly detail?: Readonly<Record<string, string | number>>
}

/** A feed entry as stored. */
export interface StoredEvent extends FeedEvent {
  readonly id: number
  readonly at: Date
}

/** The statistics as they are stored and sent. */
export function toStored({ mean, deviation }: Standardisation): StoredStandardisation {
  return { mean: [...mean], deviation: [...deviation] }
}
