// Texts with places to fill, and the type that makes a missing translation a compile error (pure).

/** The languages of the console. */
export const languages = ['en', 'zh'] as const

/** A language of {@link languages}. */
export type Language = (typeof languages)[number]

/** One screen's texts: every key in both languages. */
export interface Dictionary<Key extends string> {
  readonly en: Readonly<Record<Key, string>>
  readonly zh: Readonly<Record<Key, string>>
}

const place = /\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g

/**
 * Fills the places of a text: `{name}` takes the value, `{name|one|other}` takes a word by number, as in
 * `{count} {count|event|events}`. A place without a value stays visible, so that a fault is seen.
 */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(place, (whole, name: string, one: string | undefined, other: string | undefined) => {
    const value = values[name]
    if (value === undefined) return whole
    if (one === undefined || other === undefined) return String(value)
    return value === 1 ? one : other
  })
}

/** The names of the places in a text, each once, sorted. */
export function placesOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(place)].map(([, name]) => name ?? ''))].sort()
}
