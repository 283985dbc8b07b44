// Waiting for hospitals: with an end, and with a word in the feed.
import { AppError } from '@xinglin/core/errors'
import { type RunContext, tell, within } from './run-context.ts'

const nobody: ReadonlySet<string> = new Set()

/**
 * Resolves when enough sites are connected, those that already `returned` counting as well.
 * @throws AppError 'unavailable' when they do not come in the plan's time
 */
export async function waitForSites(ctx: RunContext, wanted: number, returned = nobody): Promise<void> {
  const count = (): number => new Set([...returned, ...ctx.roster.sites().map(({ name }) => name)]).size
  if (count() >= wanted) return
  await tell(ctx, { kind: 'waiting', detail: { connected: count(), wanted } })
  const signal = within(ctx, ctx.plan.waitSeconds)
  while (count() < wanted) {
    try {
      await ctx.roster.change(signal)
    } catch {
      ctx.signal.throwIfAborted()
      const words = `Only ${count()} of ${wanted} sites came within ${ctx.plan.waitSeconds} s`
      throw new AppError('unavailable', words)
    }
  }
}
