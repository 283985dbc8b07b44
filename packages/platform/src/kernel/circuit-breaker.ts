// Circuit breakers by target: after a row of failures a target rests, then one trial call decides.
import type { Clock } from './ports.ts'

/** Breakers of many targets. */
export interface CircuitBreakers {
  /** Says whether a call may be tried now; a resting target lets one trial through when its rest is over. */
  allows(target: string): boolean
  succeeded(target: string): void
  failed(target: string): void
}

interface Circuit {
  failures: number
  restsUntilMs: number
}

const failuresUntilOpen = 5
// Short: a target that others share, as a database, comes back for all of them at once.
const restMs = 2000
const maxTargets = 1000

/** Creates breakers that start closed. */
export function createCircuitBreakers(clock: Clock): CircuitBreakers {
  const circuits = new Map<string, Circuit>()
  return {
    allows(target) {
      const circuit = circuits.get(target)
      if (circuit === undefined || circuit.failures < failuresUntilOpen) return true
      const now = clock.monotonicMs()
      if (now < circuit.restsUntilMs) return false
      circuit.restsUntilMs = now + restMs // others wait for the outcome of this trial
      return true
    },
    succeeded(target) {
      circuits.delete(target)
    },
    failed(target) {
      const circuit = circuits.get(target) ?? { failures: 0, restsUntilMs: 0 }
      circuit.failures += 1
      if (circuit.failures >= failuresUntilOpen) circuit.restsUntilMs = clock.monotonicMs() + restMs
      if (circuits.size < maxTargets || circuits.has(target)) circuits.set(target, circuit)
    },
  }
}
