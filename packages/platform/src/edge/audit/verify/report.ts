// What a verification says.

/** What was done to the trail. */
export type FaultKind =
  | 'changed'
  | 'deleted'
  | 'inserted'
  | 'reordered'
  | 'node-changed'
  | 'index-changed'
  | 'erased-without-record'
  | 'truncated'
  | 'rewritten'
  | 'state-changed'
  | 'checkpoint-changed'
  | 'checkpoint-missing'
  | 'other-trail'

/** One finding, with the first row it concerns where there is one. */
export interface Fault {
  readonly kind: FaultKind
  /** Place in the chain, from 0. */
  readonly seq?: number
  readonly eventId?: number
  /** A sentence for a human. */
  readonly detail: string
}

/** An event that was erased by law. */
export interface ErasedEvent {
  readonly seq: number
  readonly eventId: number
}

/** What {@link verifyTrail} found. */
export interface TrailReport {
  /** Whether nothing was touched. */
  readonly ok: boolean
  /** All of it in a few sentences. */
  readonly summary: string
  /** Sealed events that were computed again. */
  readonly sealed: number
  /** Root of the tree over them and last link of the chain, hex, as computed. */
  readonly root: string
  readonly chain: string
  readonly checkpoints: {
    /** How many were compared. */
    readonly count: number
    readonly lastSize: number
    readonly lastAt?: string
  }
  /** Sealed events that no checkpoint vouches for yet. */
  readonly afterLastCheckpoint: number
  readonly unsealed: { readonly count: number; readonly oldest?: string }
  readonly erased: { readonly count: number; readonly first: readonly ErasedEvent[] }
  /** The first findings, in the order of the trail. */
  readonly faults: readonly Fault[]
  /** What is worth knowing but proves no change. */
  readonly warnings: readonly string[]
}

const count = (value: number, noun: string): string => `${value.toLocaleString('en')} ${noun}${value === 1 ? '' : 's'}`

function place({ seq, eventId }: Fault): string {
  if (seq === undefined) return eventId === undefined ? '' : ` event ${eventId}:`
  return eventId === undefined ? ` place ${seq}:` : ` event ${eventId} (place ${seq}):`
}

/** The summary of a report. */
export function summarise(report: Omit<TrailReport, 'summary'>): string {
  const { sealed, checkpoints, erased, unsealed, faults, warnings, afterLastCheckpoint } = report
  const [first] = faults
  const verdict =
    first === undefined
      ? `The trail is intact: ${count(sealed, 'sealed event')} computed again and compared with ${count(checkpoints.count, 'signed checkpoint')}.`
      : `THE TRAIL WAS TOUCHED. First finding:${place(first)} ${first.detail}${faults.length > 1 ? ` (${count(faults.length, 'finding')} in all)` : ''}.`
  const rest = [
    afterLastCheckpoint > 0 ? `${count(afterLastCheckpoint, 'event')} sealed after the last checkpoint.` : '',
    erased.count > 0 ? `${count(erased.count, 'event')} erased by law.` : '',
    unsealed.count > 0 ? `${count(unsealed.count, 'event')} not sealed yet (oldest of ${unsealed.oldest}).` : '',
    ...warnings,
  ]
  return [verdict, ...rest].filter((text) => text !== '').join(' ')
}
