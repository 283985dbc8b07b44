// Reads elements of records whose shape the rules do not rely on (pure): what is not there is empty, never an error.

/** The members of an element, each still to be checked. */
export type Fields = Readonly<Record<string, unknown>>

/** The members of an element; none where it is absent or no object. */
export function fieldsOf(element: unknown): Fields {
  return typeof element === 'object' && element !== null ? (element as Fields) : {}
}

/** The members of each entry of a repeating element; no entries where it is absent or no list. */
export function entriesOf(element: unknown): readonly Fields[] {
  return Array.isArray(element) ? element.map(fieldsOf) : []
}

/** The literal reference of a Reference, without its version. */
export function referenceOf(element: unknown): string | undefined {
  const { reference } = fieldsOf(element)
  return typeof reference === 'string' ? reference.replace(/\/_history\/[^/]+$/, '') : undefined
}
