// What is known of each address that requests go to: its circuit, what probes say, how many requests are under way.
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../kernel/ports.ts'
import {
  afterObservation,
  afterStart,
  type Circuit,
  type CircuitRules,
  type CircuitState,
  closedCircuit,
  mayTry,
  type Observation,
} from './circuit.ts'

/** A target as others may see it. */
export interface TargetFacts {
  readonly circuit: CircuitState
  /** What the probes of its upstream say. */
  readonly probe: 'healthy' | 'unhealthy' | 'unknown'
  readonly underWay: number
}

/** Every target of this process, by id. */
export interface Targets {
  /** Says whether a request may be sent now. */
  isAvailable(id: string): boolean
  /** A request is on its way. */
  start(id: string, rules?: CircuitRules): void
  /** What was seen of it. */
  observe(id: string, seen: Observation): void
  /** The request is over. */
  end(id: string): void
  /** What a probe saw. */
  probe(id: string, seen: Observation, rules: CircuitRules): void
  /** An operator's word; it holds until the next probe or failure. */
  set(id: string, isHealthy: boolean): void
  factsOf(id: string): TargetFacts
}

interface Entry {
  circuit: Circuit
  probe: Circuit
  isProbed: boolean
  isSwitchedOff: boolean
  underWay: number
  rules: CircuitRules
}

const maxTargets = 5000
const failuresUntilOpen = 5
const answers = Array.from({ length: 300 }, (_, index) => 200 + index)

/** Rules where none are defined: five broken connections, or five answers that did not come in time, in a row. */
export const defaultRules: CircuitRules = Object.freeze({
  healthyStatuses: new Set(answers),
  unhealthyStatuses: new Set<number>(),
  successes: 1,
  httpFailures: 0,
  tcpFailures: failuresUntilOpen,
  timeouts: failuresUntilOpen,
})

const newEntry = (): Entry => ({
  circuit: closedCircuit,
  probe: closedCircuit,
  isProbed: false,
  isSwitchedOff: false,
  underWay: 0,
  rules: defaultRules,
})

function factsOf(entry: Entry): TargetFacts {
  const isUnhealthy = entry.isSwitchedOff || entry.probe.state !== 'closed'
  const known = entry.isProbed ? 'healthy' : 'unknown'
  return { circuit: entry.circuit.state, probe: isUnhealthy ? 'unhealthy' : known, underWay: entry.underWay }
}

/** Creates targets of which nothing is known; those not used for long are forgotten first. */
export function createTargets(clock: Clock): Targets {
  const entries = new LRUCache<string, Entry>({ max: maxTargets })
  const entryOf = (id: string): Entry => {
    const known = entries.get(id)
    if (known !== undefined) return known
    const made = newEntry()
    entries.set(id, made)
    return made
  }
  return {
    isAvailable(id) {
      const entry = entries.get(id)
      if (entry === undefined) return true
      const isUnhealthy = entry.isSwitchedOff || entry.probe.state !== 'closed'
      return !isUnhealthy && (entry.circuit.state === 'closed' || mayTry(entry.circuit, clock.monotonicMs()))
    },
    start(id, rules = defaultRules) {
      const entry = entryOf(id)
      entry.rules = rules
      entry.underWay += 1
      if (entry.circuit.state !== 'closed') entry.circuit = afterStart(entry.circuit, clock.monotonicMs())
    },
    observe(id, seen) {
      const entry = entryOf(id)
      entry.circuit = afterObservation(entry.circuit, entry.rules, seen, clock.monotonicMs())
    },
    end(id) {
      const entry = entryOf(id)
      entry.underWay = Math.max(0, entry.underWay - 1)
    },
    probe(id, seen, rules) {
      const entry = entryOf(id)
      const isOpen = entry.probe.state === 'open'
      // A probe is a trial of its own: it needs no rest before it.
      const before: Circuit = isOpen ? { ...entry.probe, state: 'half-open' } : entry.probe
      entry.probe = afterObservation(before, rules, seen, clock.monotonicMs())
      entry.isProbed = true
      const isGood = seen.kind === 'answered' && rules.healthyStatuses.has(seen.status)
      if (!isGood || entry.probe.state !== 'closed') return
      entry.isSwitchedOff = false
      entry.circuit = closedCircuit
    },
    set(id, isHealthy) {
      Object.assign(entryOf(id), { circuit: closedCircuit, probe: closedCircuit, isSwitchedOff: !isHealthy })
    },
    factsOf: (id) => factsOf(entries.get(id) ?? newEntry()),
  }
}
