// What an experiment is once its document was read: whom it meets, what happens to them, and what must hold meanwhile.

/** How many of the selected instances are met. */
export type Mode =
  | { readonly kind: 'one' | 'all' }
  | { readonly kind: 'fixed'; readonly count: number }
  /** `share` is 0 to 1; `random` takes any number up to it. */
  | { readonly kind: 'share' | 'random'; readonly share: number }

/** Instances of services, by the labels of their pods. */
export interface Choice {
  /** Names such as `patient` or `postgres`; `*` is every service. */
  readonly services: readonly string[]
  readonly mode: Mode
}

/** Time that each piece of traffic is held up. */
export interface Delay {
  readonly latencyMs: number
  readonly jitterMs: number
  /** 0 to 1: how much a draw follows the one before. */
  readonly correlation: number
}

/** Pieces of traffic that are lost and sent again. */
export interface Loss {
  /** 0 to 1 */
  readonly share: number
  readonly correlation: number
}

/** How fast traffic may pass. */
export interface Bandwidth {
  readonly bytesPerSecond: number
  /** Bytes that may wait; beyond, the sender waits. */
  readonly limitBytes: number
  /** Bytes that may pass at once after a rest. */
  readonly burstBytes: number
}

/** What happens on the way. */
export interface TrafficFault {
  readonly delay?: Delay
  readonly loss?: Loss
  readonly bandwidth?: Bandwidth
  readonly isCut?: boolean
}

/** A fault of the network around the chosen instances. */
export interface NetworkFault {
  readonly kind: 'network'
  readonly action: string
  readonly traffic: TrafficFault
  /** `to`: what the chosen ones send; `from`: what they are sent. */
  readonly direction: 'to' | 'from' | 'both'
  /** The other side; every other side when undefined. */
  readonly target?: Choice
}

/** An instance that dies, or stands still and refuses. */
export type PodFault = { readonly kind: 'kill'; readonly graceMs: number } | { readonly kind: 'failure' }

/** Load beside an instance, on its machine. */
export interface StressFault {
  readonly kind: 'stress'
  readonly cpu?: { readonly workers: number; readonly share: number }
  readonly memory?: { readonly workers: number; readonly bytes: number }
}

/** Any fault. */
export type Fault = NetworkFault | PodFault | StressFault

/** One fault for some instances, for some time. */
export interface Injection {
  readonly kind: 'injection'
  readonly name: string
  readonly choice: Choice
  readonly fault: Fault
  /** How long it lasts; after a kill, how long it is watched. */
  readonly durationMs: number | undefined
}

/** A question by HTTP that decides whether things are well. */
export interface StatusCheck {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: string | undefined
  /** Statuses that count as well, inclusive ranges. */
  readonly statuses: readonly (readonly [number, number])[]
  readonly isContinuous: boolean
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly failureThreshold: number
  readonly successThreshold: number
}

/** A step of an experiment. */
export type Step =
  | Injection
  | {
      readonly kind: 'serial' | 'parallel'
      readonly name: string
      readonly deadlineMs: number | undefined
      readonly children: readonly Step[]
    }
  | { readonly kind: 'pause'; readonly name: string; readonly durationMs: number }
  | {
      readonly kind: 'check'
      readonly name: string
      readonly deadlineMs: number | undefined
      readonly check: StatusCheck
      /** Whether a failure ends the whole experiment. */
      readonly aborts: boolean
    }

/** What must hold: the hypothesis about the steady state. */
export interface SteadyState {
  /** `available`: idempotent requests succeed; `fail-closed`: what cannot be answered is refused with 503 and Retry-After. */
  readonly expects: 'available' | 'fail-closed'
  /** 0 to 1, of idempotent requests during the fault. */
  readonly minSuccess: number
  /** 99th percentile of idempotent requests during the fault. */
  readonly maxP99Ms: number
  /** From the end of the fault until every request succeeds again. */
  readonly maxRecoveryMs: number
  /** 0 to 1: below this success of the last seconds the experiment is aborted; 0 never. */
  readonly abortBelow: number
}

/** A document that was read. */
export interface Experiment {
  readonly name: string
  /** Kind of the document, e.g. `NetworkChaos`. */
  readonly kind: string
  readonly title: string
  readonly root: Step
  readonly steadyState: SteadyState
}
