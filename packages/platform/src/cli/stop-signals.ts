// Signals that ask a system to stop: the first one asks, those that come with it are the same wish, a later one insists.

const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
// Ctrl-C reaches every process of a command, and npm and the launcher pass it on: one wish arrives several times.
const sameWishMs = 1000

/** Listens for them: the result is aborted by the first; `insist` is called for one that comes later than the same wish. */
export function listenForStop(insist: () => void): AbortSignal {
  const asked = new AbortController()
  const first = { atMs: 0 }
  for (const name of names) {
    process.on(name, () => {
      if (!asked.signal.aborted) {
        first.atMs = performance.now()
        asked.abort(new Error(name))
      } else if (performance.now() - first.atMs > sameWishMs) insist()
    })
  }
  return asked.signal
}
