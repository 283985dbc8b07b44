// The DICOM data dictionary (PS3.6): VR and keyword of each public attribute.
import table from './generated/dictionary.json' with { type: 'json' }

const tagCharacters = 8
const entries = Object.entries(table).flatMap(([vr, list]) =>
  list.split(' ').map((item) => ({ vr, tag: item.slice(0, tagCharacters), keyword: item.slice(tagCharacters) })),
)
const vrByTag: ReadonlyMap<string, string> = new Map(entries.map(({ tag, vr }) => [tag, vr]))
const byKeyword: ReadonlyMap<string, string> = new Map(entries.map(({ tag, keyword }) => [keyword, tag]))

/** The VR of a public attribute by its tag (eight upper-case hex digits); undefined when it is not known. */
export function vrOf(tag: string): string | undefined {
  const known = vrByTag.get(tag)
  if (known !== undefined) return known
  if (tag.endsWith('0000')) return 'UL' // group length
  // Curves and overlays repeat in the groups 50xx and 60xx.
  return /^(?:50|60)/.test(tag) ? vrByTag.get(`${tag.slice(0, 2)}00${tag.slice(4)}`) : undefined
}

/** The tag of an attribute given as keyword or as eight hex digits; undefined when it is neither. */
export function tagOf(attribute: string): string | undefined {
  return /^[0-9A-Fa-f]{8}$/.test(attribute) ? attribute.toUpperCase() : byKeyword.get(attribute)
}
