// How much is read of what others send, and what is not read as OTLP.

/** What was sent is not OTLP, or more than is taken at once; the message says what and holds none of it. */
export class OtlpFault extends Error {
  override readonly name = 'OtlpFault'
}

/** Bounds of one request. */
export const otlpLimits = Object.freeze({
  /** Spans or data points. */
  items: 20_000,
  /** Fields of one message: two bytes become an object of many. */
  fields: 40_000,
  /** Attributes of one span, point or resource; more are left out. */
  attributes: 128,
  /** Characters of a name or value; longer ones are cut. */
  characters: 1024,
  /** Lists and maps within values. */
  depth: 4,
})

/** A counter that throws at the limit: one of items, another of what groups them. */
export function countItems(): () => void {
  const state = { count: 0 }
  return () => {
    state.count += 1
    if (state.count > otlpLimits.items) throw new OtlpFault(`More than ${otlpLimits.items} items in one request`)
  }
}

/** Text within the limit. */
export const bounded = (text: string): string =>
  text.length > otlpLimits.characters ? text.slice(0, otlpLimits.characters) : text
