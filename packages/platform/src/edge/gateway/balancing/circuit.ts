// When a target is left alone: failures open its circuit, a rest later one trial decides (pure; the counts are Kong's).

/** What was seen of a target: an answer, no connection (or a broken one), or no answer in time. */
export type Observation =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'unreached' }
  | { readonly kind: 'late' }

/** What counts as a failure, and how many in a row are too many; a count of 0 switches a rule off. */
export interface CircuitRules {
  readonly healthyStatuses: ReadonlySet<number>
  readonly unhealthyStatuses: ReadonlySet<number>
  /** Successes in a row that close an open circuit; at least 1. */
  readonly successes: number
  readonly httpFailures: number
  readonly tcpFailures: number
  readonly timeouts: number
}

/** `closed`: in use; `open`: left alone; `half-open`: one request is on trial. */
export type CircuitState = 'closed' | 'open' | 'half-open'

/** A target's circuit at a moment. */
export interface Circuit {
  readonly state: CircuitState
  readonly successes: number
  readonly httpFailures: number
  readonly tcpFailures: number
  readonly timeouts: number
  /** Monotonic milliseconds until which an open circuit rests, or a trial may take. */
  readonly untilMs: number
}

/** A circuit that has seen nothing. */
export const closedCircuit: Circuit = Object.freeze({
  state: 'closed',
  successes: 0,
  httpFailures: 0,
  tcpFailures: 0,
  timeouts: 0,
  untilMs: 0,
})

/** How long an open circuit rests before a trial: short, since what failed is often shared by all, and comes back at once. */
export const restMs = 2000

const opened = (nowMs: number): Circuit => ({ ...closedCircuit, state: 'open', untilMs: nowMs + restMs })
const isOver = (count: number, limit: number): boolean => limit > 0 && count >= limit

function failed(circuit: Circuit, field: 'httpFailures' | 'tcpFailures' | 'timeouts'): Circuit {
  return { ...circuit, successes: 0, [field]: circuit[field] + 1 }
}

function counted(circuit: Circuit, rules: CircuitRules, seen: Observation): Circuit | undefined {
  if (seen.kind === 'unreached') return failed(circuit, 'tcpFailures')
  if (seen.kind === 'late') return failed(circuit, 'timeouts')
  return rules.unhealthyStatuses.has(seen.status) ? failed(circuit, 'httpFailures') : undefined
}

function succeeded(circuit: Circuit, rules: CircuitRules, status: number): Circuit {
  // An answer that is neither good nor bad tells nothing, but a trial that was answered must not hang.
  if (!rules.healthyStatuses.has(status) && circuit.state === 'closed') return circuit
  if (circuit.state === 'closed') return closedCircuit
  const successes = circuit.successes + 1
  return successes >= rules.successes ? closedCircuit : { ...circuit, successes, untilMs: 0 }
}

/** The circuit after one observation. What comes in late, while it rests, changes nothing. */
export function afterObservation(circuit: Circuit, rules: CircuitRules, seen: Observation, nowMs: number): Circuit {
  if (circuit.state === 'open') return circuit
  const next = counted(circuit, rules, seen)
  if (next === undefined) return seen.kind === 'answered' ? succeeded(circuit, rules, seen.status) : circuit
  const isTooMuch =
    isOver(next.httpFailures, rules.httpFailures) ||
    isOver(next.tcpFailures, rules.tcpFailures) ||
    isOver(next.timeouts, rules.timeouts)
  return circuit.state === 'half-open' || isTooMuch ? opened(nowMs) : next
}

/** Says whether a request may be tried at a moment. */
export function mayTry(circuit: Circuit, nowMs: number): boolean {
  return circuit.state === 'closed' || nowMs >= circuit.untilMs
}

/** The circuit once a request is on its way: an open one whose rest is over is on trial, and others wait for the outcome. */
export function afterStart(circuit: Circuit, nowMs: number): Circuit {
  if (circuit.state === 'closed' || nowMs < circuit.untilMs) return circuit
  return { ...circuit, state: 'half-open', untilMs: nowMs + restMs }
}
