// How long a piece of traffic is held up by a fault: netem's rules for delay, loss and rate, told for a stream of bytes (pure).
import type { Bandwidth, Delay, Loss, TrafficFault } from '../definitions/experiment.ts'

/** Holds up one direction of one connection. */
export interface Shaper {
  /** Milliseconds that a piece of so many bytes waits, when it comes at `nowMs`. */
  holdMs(bytes: number, nowMs: number): number
  /** Milliseconds that a segment without data waits: one that opens a connection. */
  openingMs(): number
}

// Ethernet's 1500 bytes less the headers of IPv4 and TCP with timestamps.
const segmentBytes = 1448
// Linux: TCP_RTO_MIN and TCP_RTO_MAX (include/net/tcp.h).
const firstTimeoutMs = 200
const lastTimeoutMs = 120_000
// Fewer than three segments behind a lost one bring no third duplicate acknowledgement (RFC 5681, 3.2): only time tells.
const untoldSegments = 3

// netem's correlated draw (tc-netem(8)): each one follows the one before by the share of the correlation.
function correlated(correlation: number, random: () => number): () => number {
  let last = random()
  return () => {
    last = correlation * last + (1 - correlation) * random()
    return last
  }
}

function delaying({ latencyMs, jitterMs, correlation }: Delay, random: () => number): Shaper {
  const draw = correlated(correlation, random)
  const next = (): number => Math.max(0, latencyMs + jitterMs * (2 * draw() - 1))
  return { holdMs: next, openingMs: next }
}

// A lost segment is sent again when its time is up, the time doubling; inside a long run the receiver tells it sooner.
function losing({ share, correlation }: Loss, random: () => number): Shaper {
  const draw = correlated(correlation, random)
  const isLost = (): boolean => draw() < share
  const repairMs = (): number => {
    let waitedMs = 0
    for (let timeoutMs = firstTimeoutMs; timeoutMs <= lastTimeoutMs; timeoutMs *= 2) {
      waitedMs += timeoutMs
      if (!isLost()) break
    }
    return waitedMs
  }
  return {
    holdMs(bytes) {
      const atRisk = Math.min(untoldSegments, Math.ceil(bytes / segmentBytes))
      const lost = Array.from({ length: atRisk }, isLost).some(Boolean)
      return lost ? repairMs() : 0
    },
    openingMs: () => (isLost() ? 1000 + repairMs() - firstTimeoutMs : 0), // RFC 6298: the first timeout is one second
  }
}

// A bucket of tokens that is full after a rest.
function pacing({ bytesPerSecond, burstBytes }: Bandwidth): Shaper {
  const bytesPerMs = bytesPerSecond / 1000
  let paidUntilMs = Number.NEGATIVE_INFINITY
  return {
    holdMs(bytes, nowMs) {
      paidUntilMs = Math.max(paidUntilMs, nowMs - burstBytes / bytesPerMs) + bytes / bytesPerMs
      return Math.max(0, paidUntilMs - nowMs)
    },
    openingMs: () => 0,
  }
}

/** The shaper of a fault; several at once add up. `random` gives 0 to 1. */
export function shaperOf(faults: readonly TrafficFault[], random: () => number): Shaper {
  const shapers = faults.flatMap(({ delay, loss, bandwidth }) => [
    ...(delay === undefined ? [] : [delaying(delay, random)]),
    ...(loss === undefined ? [] : [losing(loss, random)]),
    ...(bandwidth === undefined ? [] : [pacing(bandwidth)]),
  ])
  return {
    holdMs: (bytes, nowMs) => shapers.reduce((sum, shaper) => sum + shaper.holdMs(bytes, nowMs), 0),
    openingMs: () => shapers.reduce((sum, shaper) => sum + shaper.openingMs(), 0),
  }
}
