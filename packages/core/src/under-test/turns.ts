// For tests: the longest stretch in which this thread let nobody else have a turn.

/**
 * Watches the turns of the event loop; the result ends it and gives the longest, in milliseconds of this thread's processor
 * time, so that what else runs on the machine does not count.
 */
export function watchTurns(): () => number {
  const now = (): number => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  const state = { last: now(), longest: 0, isOver: false }
  const turn = (): void => {
    const at = now()
    state.longest = Math.max(state.longest, at - state.last)
    state.last = at
    if (!state.isOver) setImmediate(turn)
  }
  setImmediate(turn)
  return () => {
    turn()
    state.isOver = true
    return state.longest
  }
}
