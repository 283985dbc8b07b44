// The query part of an address as plain text values, so that filters read well and survive being typed by hand (pure).

/** Reads `?a=b&c=d`; of repeated names the last counts. */
export function parseAddress(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search))
}

/** Writes `?a=b&c=d`; empty values are left out, and so is the question mark when nothing is left. */
export function writeAddress(values: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [[name, value]] : [],
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`
}
