// Long arithmetic takes a breath now and then, so that a server's other work gets its turn (pure but for the pause itself).

/** Counts work in multiplications; gives a promise to await when a stretch is full, else nothing. */
export type Pace = (work: number) => Promise<void> | undefined

// A few milliseconds.
const stretch = 4_000_000

/** Creates a pace. @param pause awaited after each stretch; without it there are no breaks */
export function createPace(pause: (() => Promise<void>) | undefined): Pace {
  const state = { done: 0 }
  return (work) => {
    state.done += work
    if (pause === undefined || state.done < stretch) return undefined
    state.done = 0
    return pause()
  }
}
