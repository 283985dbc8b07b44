// Runs chapters against a server and counts; nothing here knows what is checked.
import { type Chapter, type Check, Skipped } from './check.ts'
import type { Client } from './client.ts'

/** What became of a check. */
export interface Result {
  readonly chapter: string
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Why it failed or was skipped. */
  readonly reason?: string
  readonly ms: number
}

/** Results of one chapter, counted. */
export interface Tally {
  readonly chapter: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Runs one check. */
export async function runCheck(chapter: Chapter, check: Check, client: Client): Promise<Result> {
  const started = performance.now()
  const done = (outcome: Result['outcome'], reason?: string): Result => ({
    chapter: chapter.title,
    name: check.name,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ms: Math.round(performance.now() - started),
  })
  try {
    await check.run(client)
    return done('passed')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return error instanceof Skipped ? done('skipped', reason) : done('failed', reason)
  }
}

/** Runs all checks of the chapters one after another. */
export async function runSuite(
  client: Client,
  chapters: readonly Chapter[],
  tell: (result: Result) => void = () => undefined,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const chapter of chapters) {
    for (const check of chapter.checks) {
      const result = await runCheck(chapter, check, client)
      results.push(result)
      tell(result)
    }
  }
  return results
}

/** Counts by chapter, in the order of the chapters. */
export function tally(results: readonly Result[]): readonly Tally[] {
  const byChapter = Map.groupBy(results, (result) => result.chapter)
  return [...byChapter].map(([chapter, some]) => {
    const count = (outcome: Result['outcome']) => some.filter((result) => result.outcome === outcome).length
    return { chapter, passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
  })
}
