// The DICOM JSON Model (PS3.18 annex F) and how its values are read.

/** A person name in its groups of characters. */
export interface PersonName {
  readonly Alphabetic?: string
  readonly Ideographic?: string
  readonly Phonetic?: string
}

/** One value of an attribute; null stands for an empty one among several. */
export type AttributeValue = string | number | PersonName | DicomJson | null

/** One attribute; at most one of Value, InlineBinary and BulkDataURI is there. */
export interface Attribute {
  readonly vr: string
  readonly Value?: readonly AttributeValue[]
  /** Base64. */
  readonly InlineBinary?: string
  readonly BulkDataURI?: string
}

/** A data set: attributes by tag (eight upper-case hex digits). */
export interface DicomJson {
  readonly [tag: string]: Attribute
}

/** The first value of an attribute as text; undefined when it is absent, empty or no text or number. */
export function textOf(dataset: DicomJson, tag: string): string | undefined {
  const value = dataset[tag]?.Value?.[0]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? value : undefined
}

/** All values of an attribute as texts. */
export function textsOf(dataset: DicomJson, tag: string): readonly string[] {
  return (dataset[tag]?.Value ?? []).flatMap((value) =>
    typeof value === 'string' || typeof value === 'number' ? [String(value)] : [],
  )
}

/** All values of an attribute as finite numbers; those that are none are left out. */
export function numbersOf(dataset: DicomJson, tag: string): readonly number[] {
  return textsOf(dataset, tag)
    .map(Number)
    .filter((value) => Number.isFinite(value))
}

/** The first value of an attribute as a finite number. */
export function numberOf(dataset: DicomJson, tag: string): number | undefined {
  return numbersOf(dataset, tag)[0]
}

/** The items of a sequence. */
export function itemsOf(dataset: DicomJson, tag: string): readonly DicomJson[] {
  const attribute = dataset[tag]
  if (attribute?.vr !== 'SQ') return []
  return (attribute.Value ?? []).filter((item): item is DicomJson => typeof item === 'object' && item !== null)
}

/** A person name in one line: its groups, which are there, separated by `=`. */
export function personNameOf(dataset: DicomJson, tag: string): string | undefined {
  const value = dataset[tag]?.Value?.[0]
  if (typeof value !== 'object' || value === null) return undefined
  const { Alphabetic, Ideographic, Phonetic } = value as PersonName
  const groups = [Alphabetic, Ideographic, Phonetic].filter((group) => group !== undefined)
  return groups.length === 0 ? undefined : groups.join('=')
}

function attributeText(attribute: Attribute): string {
  if (attribute.vr !== 'SQ' || attribute.Value === undefined) return JSON.stringify(attribute)
  const items = attribute.Value.map((item) => dicomJsonText(item as DicomJson)) // a sequence has items only
  return `{"vr":"SQ","Value":[${items.join(',')}]}`
}

/**
 * Writes a data set as JSON with its tags in ascending order, as PS3.18 section F.2.2 demands; JSON.stringify would put
 * tags that look like whole numbers first.
 */
export function dicomJsonText(dataset: DicomJson): string {
  const tags = Object.keys(dataset).toSorted()
  return `{${tags.map((tag) => `"${tag}":${attributeText(dataset[tag] ?? { vr: 'UN' })}`).join(',')}}`
}
