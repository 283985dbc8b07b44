// The audit trail as the gateway serves it: its state, verification, checkpoints, events and proofs.
import type { Request } from './client.ts'

/** A signed statement how long the trail was and what its root was. */
export interface Checkpoint {
  readonly number: number
  readonly size: number
  /** Hex. */
  readonly root: string
  /** ISO time. */
  readonly at: string
  /** The signed note: text, empty line, signature. */
  readonly note: string
}

/** What was done to the trail. */
export interface TrailFault {
  readonly kind: string
  /** Place in the chain, from 0. */
  readonly seq?: number
  readonly eventId?: number
  /** In English. */
  readonly detail: string
}

/** What a verification found. */
export interface TrailReport {
  readonly ok: boolean
  readonly sealed: number
  readonly checkpoints: { readonly count: number; readonly lastSize: number; readonly lastAt?: string }
  readonly afterLastCheckpoint: number
  readonly unsealed: { readonly count: number }
  readonly erased: { readonly count: number }
  readonly faults: readonly TrailFault[]
}

/** How verification stands. */
export interface Verification {
  readonly state: 'idle' | 'running' | 'done' | 'failed'
  readonly startedAt?: string
  readonly finishedAt?: string
  readonly checked: number
  readonly total: number
  readonly report?: TrailReport
}

/** The state of the trail; hashes in hex. */
export interface TrailState {
  readonly size: number
  readonly root: string
  readonly chain: string
  readonly unsealed: { readonly count: number; readonly oldest?: string }
  readonly lagMs: number
  readonly checkpoint?: Checkpoint
  /** True when the database is older than its signed checkpoints. */
  readonly isRolledBack: boolean
  /** PEM. */
  readonly publicKey: string
  readonly verification: Verification
}

/** A proof that the seal of an event is in the tree; hashes in hex. */
export interface InclusionProof {
  readonly seq: number
  readonly eventId: number
  readonly size: number
  readonly leaf: string
  readonly root: string
  readonly proof: readonly string[]
}

/** The state of the trail. */
export function fetchTrailState(request: Request, signal: AbortSignal): Promise<TrailState> {
  return request<TrailState>('/audit/state', { signal })
}

/** Starts a verification unless one runs. */
export function startVerification(request: Request): Promise<Verification> {
  return request<Verification>('/audit/verify', { method: 'POST' })
}

/** How the verification stands. */
export function fetchVerification(request: Request, signal: AbortSignal): Promise<Verification> {
  return request<Verification>('/audit/verify', { signal })
}

/** A proof of the event at a place, in the tree of the given size. */
export function fetchInclusion(
  request: Request,
  place: { readonly seq: number; readonly size: number },
  signal: AbortSignal,
): Promise<InclusionProof> {
  return request<InclusionProof>(`/audit/proof/inclusion?seq=${place.seq}&size=${place.size}`, { signal })
}
