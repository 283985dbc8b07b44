// A StatusCheck: asks by HTTP until it is sure that things are well, or are not.
import { setTimeout as pause } from 'node:timers/promises'
import { request } from 'undici'
import type { StatusCheck } from '../definitions/experiment.ts'

/** What running a check takes. */
export interface CheckRun {
  readonly signal: AbortSignal
  readonly resolve: (url: URL) => Promise<URL>
  /** For a check without end (Continuous). */
  readonly limitMs: number
}

/** What came of it. */
export interface CheckOutcome {
  readonly isWell: boolean
  readonly detail: string
}

async function askOnce(check: StatusCheck, run: CheckRun): Promise<CheckOutcome> {
  try {
    const url = await run.resolve(new URL(check.url))
    const answer = await request(url, {
      method: check.method,
      headers: Object.fromEntries(Object.entries(check.headers).map(([name, values]) => [name, [...values]])),
      body: check.body ?? null,
      signal: AbortSignal.any([run.signal, AbortSignal.timeout(check.timeoutMs)]),
    })
    await answer.body.dump()
    const isWell = check.statuses.some(([first, last]) => answer.statusCode >= first && answer.statusCode <= last)
    return { isWell, detail: `status ${answer.statusCode}` }
  } catch (error) {
    return { isWell: false, detail: `no answer (${error instanceof Error ? error.message : error})` }
  }
}

/** Runs it: a synchronous one ends at its first threshold, a continuous one at a failure or its end. */
export async function runCheck(check: StatusCheck, run: CheckRun): Promise<CheckOutcome> {
  const until = performance.now() + run.limitMs
  let successes = 0
  let failures = 0
  for (let last: CheckOutcome = { isWell: true, detail: 'not asked' }; ; ) {
    if (run.signal.aborted || (check.isContinuous && performance.now() >= until)) return last
    last = await askOnce(check, run)
    if (run.signal.aborted) return { isWell: true, detail: 'ended before its answer' }
    successes = last.isWell ? successes + 1 : 0
    failures = last.isWell ? 0 : failures + 1
    if (failures >= check.failureThreshold) return last
    if (!check.isContinuous && successes >= check.successThreshold) return last
    await pause(check.intervalMs, undefined, { signal: run.signal }).catch(() => undefined)
  }
}
