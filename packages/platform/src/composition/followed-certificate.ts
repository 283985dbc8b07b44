// A certificate that is read anew when its files change, so that a renewal needs no restart; what cannot be used is not taken.
import { stat } from 'node:fs/promises'
import type { Clock, Logger } from '../kernel/ports.ts'
import { type CertificatePaths, type CheckedCertificate, readCertificate } from './certificate-files.ts'

/** A certificate as it is now. */
export interface FollowedCertificate {
  readonly current: () => CheckedCertificate
  /** Calls back after each renewal; returns what ends it. */
  follow(onChange: () => void): () => void
  close(): void
}

/** What following takes. */
export interface FollowOptions {
  readonly paths: CertificatePaths
  /** Services that the certificate must name. */
  readonly services: readonly string[]
  readonly log: Logger
  readonly clock: Clock
}

const lookEveryMs = 2000
const warnBeforeMs = 30 * 86_400_000
const dayMs = 86_400_000

async function stampOf({ authority, certificate, key }: CertificatePaths): Promise<string> {
  const files = [certificate, key, ...(authority === undefined ? [] : [authority])]
  const seen = await Promise.all(files.map((path) => stat(path).catch(() => undefined)))
  return seen.map((one) => `${one?.ino} ${one?.mtimeMs} ${one?.size}`).join(' ')
}

/** Reads the certificate and begins to follow it. @throws AppError 'invalid-parameter' as {@link readCertificate} */
export async function followCertificate(options: FollowOptions): Promise<FollowedCertificate> {
  const { paths, services, log, clock } = options
  const listeners = new Set<() => void>()
  const state = { stamp: await stampOf(paths), held: await readCertificate(paths, services, clock.now()), warnedAt: 0 }

  const warnInTime = (): void => {
    const [nowMs, untilMs] = [clock.now().getTime(), state.held.validUntil.getTime()]
    if (untilMs - nowMs > warnBeforeMs || nowMs - state.warnedAt < dayMs) return
    state.warnedAt = nowMs
    log.warn('tls.certificate.expires', { file: paths.certificate, days: Math.floor((untilMs - nowMs) / dayMs) })
  }

  // Certificate and key are two files: a look between their two renewals finds a pair that does not fit, and comes again.
  const look = async (): Promise<void> => {
    warnInTime()
    const stamp = await stampOf(paths)
    if (stamp === state.stamp) return
    try {
      state.held = await readCertificate(paths, services, clock.now())
      state.stamp = stamp
      log.info('tls.certificate.renewed', { file: paths.certificate })
      for (const listener of listeners) listener()
    } catch (error) {
      log.warn('tls.certificate.not-taken', { file: paths.certificate, error })
    }
  }

  warnInTime()
  const timer = setInterval(() => {
    look().catch((error: unknown) => log.warn('tls.certificate.not-read', { file: paths.certificate, error }))
  }, lookEveryMs)
  timer.unref()
  return {
    current: () => state.held,
    follow(onChange) {
      listeners.add(onChange)
      return () => void listeners.delete(onChange)
    },
    close: () => clearInterval(timer),
  }
}
