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

/** Fills `{name}` places of a text; a place without a value stays visible, so that a fault is seen. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place))
}

/** The names of the places in a text, sorted. */
export function placesOf(text: string): readonly string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort()
}
