// The system's clock behind the port.
import type { Clock } from './ports.ts'

/** The wall clock and the monotonic clock of this machine. */
export const systemClock: Clock = Object.freeze({
  now: () => new Date(),
  monotonicMs: () => performance.now(),
})
