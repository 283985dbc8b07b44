// One verification at a time in the background, with its progress and its last result.
import type { Clock, Logger } from '../../../kernel/ports.ts'
import { noteVerified } from '../state.ts'
import type { TrailReport } from './report.ts'
import { type VerifyOptions, verifyTrail } from './verify.ts'

/** How verification stands. */
export interface VerificationStatus {
  readonly state: 'idle' | 'running' | 'done' | 'failed'
  readonly startedAt?: string
  readonly finishedAt?: string
  /** Sealed events computed again, of how many. */
  readonly checked: number
  readonly total: number
  readonly report?: TrailReport
}

/** The verification of a process. */
export interface BackgroundVerification {
  /** Starts one unless one runs. */
  start(): VerificationStatus
  status(): VerificationStatus
  /** Ends a running one. */
  close(): Promise<void>
}

/** What it works with. */
export interface VerificationTools extends Pick<VerifyOptions, 'sql' | 'folder'> {
  readonly clock: Clock
  readonly log: Logger
}

/** Creates it; nothing runs yet. */
export function createVerification(tools: VerificationTools): BackgroundVerification {
  const stop = new AbortController()
  const held: { status: VerificationStatus; running: Promise<void> | undefined } = {
    status: { state: 'idle', checked: 0, total: 0 },
    running: undefined,
  }
  const now = (): string => tools.clock.now().toISOString()
  const run = async (): Promise<void> => {
    try {
      const report = await verifyTrail({
        sql: tools.sql,
        folder: tools.folder,
        signal: stop.signal,
        onProgress: (checked, total) => {
          held.status = { ...held.status, checked, total }
        },
      })
      // Noted before it is told as done: whoever sees it done finds the note.
      await noteVerified(tools.sql, { at: now(), ok: report.ok, size: report.sealed })
      held.status = { ...held.status, state: 'done', finishedAt: now(), checked: report.sealed, report }
      if (!report.ok) tools.log.error('audit.trail.touched', { findings: report.faults.map(({ kind }) => kind) })
    } catch (error) {
      held.status = { ...held.status, state: 'failed', finishedAt: now() }
      if (!stop.signal.aborted) tools.log.error('audit.verification.failed', { error })
    }
    held.running = undefined
  }
  return {
    start() {
      if (held.running === undefined && !stop.signal.aborted) {
        held.status = { state: 'running', startedAt: now(), checked: 0, total: 0 }
        held.running = run()
      }
      return held.status
    },
    status: () => held.status,
    async close() {
      stop.abort()
      await held.running
    },
  }
}
