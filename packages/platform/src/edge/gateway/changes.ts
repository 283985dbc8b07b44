// Follows what other gateways change: definitions are loaded anew, ended sessions are forgotten; old sessions are removed now and then.
import type { Ports } from '../../kernel/ports.ts'
import { gatewayChannel } from './kong/store.ts'
import type { Sessions } from './session/sessions.ts'

const pruneEveryMs = 600_000
const reloadRetryMs = 500

/** Listens for changes; returns what ends it. */
export async function followChanges(
  { sql, log }: Ports,
  reload: () => Promise<void>,
  sessions: Sessions,
): Promise<() => Promise<void>> {
  const reloadUntilDone = (): void => {
    reload().catch((error: unknown) => {
      log.warn('gateway.reload.failed', { error })
      setTimeout(reloadUntilDone, reloadRetryMs).unref()
    })
  }
  return sql.listen(gatewayChannel, (payload) => {
    const [kind, hash] = payload.split(':')
    if (kind === 'session') sessions.forget(hash)
    else {
      if (payload === '') sessions.forget() // notifications may have been missed
      reloadUntilDone()
    }
  })
}

/** Removes ended sessions every ten minutes; returns what ends it. */
export function startPruning({ log }: Ports, sessions: Sessions): () => Promise<void> {
  const timer = setInterval(() => {
    sessions.prune().catch((error: unknown) => log.warn('gateway.prune.failed', { error }))
  }, pruneEveryMs)
  timer.unref()
  return async () => clearInterval(timer)
}
