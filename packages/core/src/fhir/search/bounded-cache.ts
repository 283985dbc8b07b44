// Remembers the results of a pure function of a text, up to a bound: code systems and units are few and come again and again.

const maxEntries = 512

/** The same function, remembering. The oldest results are forgotten first. */
export function remember<T>(compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const made = compute(text)
    if (known.size >= maxEntries) known.delete(known.keys().next().value ?? text)
    // A long text is rarely seen twice and would keep memory.
    if (text.length <= 256) known.set(text, made)
    return made
  }
}
