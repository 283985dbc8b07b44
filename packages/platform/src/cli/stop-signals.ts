// What asks a system to stop: a signal, or the end of the program that started it for itself (demo, proofs, tests).
// The first one asks, those that come with it are the same wish, a later one insists.

const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
// Ctrl-C reaches every process of a command, and npm and the launcher pass it on: one wish arrives several times.
const sameWishMs = 1000

/** Listens for them: the result is aborted by the first; `insist` is called for one that comes later than the same wish. */
export function listenForStop(insist: () => void): AbortSignal {
  const asked = new AbortController()
  const first = { atMs: 0 }
  const ask = (reason: string): void => {
    if (!asked.signal.aborted) {
      first.atMs = performance.now()
      asked.abort(new Error(reason))
    } else if (performance.now() - first.atMs > sameWishMs) insist()
  }
  for (const name of names) process.on(name, () => ask(name))
  // Only a program that keeps a channel to us is such an owner; a shell does not.
  process.once('disconnect', () => ask('the program that started this system has ended'))
  process.channel?.unref() // listening must not keep a process alive whose start failed
  return asked.signal
}
