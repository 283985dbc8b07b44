// What a filter can ask of a field: comparison, membership, emptiness (pure).
import { badRequest } from '../consul-error.ts'

/** Says whether an object is kept. */
export type Matcher = (item: unknown) => boolean

/** What kind of value a field holds. */
export type FieldType = 'text' | 'number' | 'boolean' | 'list' | 'map'

/** A field of the filtered objects. */
export interface Selector {
  readonly path: readonly string[]
  readonly type: FieldType
  /** As it was written. */
  readonly name: string
}

/** Maps with keys of the user's choice: any key may be asked for. */
const openMaps: ReadonlySet<string> = new Set(['Meta', 'NodeMeta', 'ServiceMeta'])

function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
    return undefined
  return (value as Readonly<Record<string, unknown>>)[key]
}

function typeOf(value: unknown): FieldType | undefined {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'boolean'
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string') ? 'list' : undefined
  return typeof value === 'object' && value !== null ? 'map' : undefined
}

/** The type of a field in a sample; undefined when there is no such field. */
export function typeAt(sample: unknown, path: readonly string[]): FieldType | undefined {
  const parent = path.at(-2)
  if (parent !== undefined && openMaps.has(parent)) {
    return typeAt(sample, path.slice(0, -1)) === 'map' ? 'text' : undefined
  }
  return typeOf(path.reduce(own, sample))
}

const valueAt = ({ path }: Selector, item: unknown): unknown => path.reduce(own, item)

/** Compares a field with a value. @throws ConsulError 400 when they cannot be compared */
export function compare(selector: Selector, text: string): Matcher {
  switch (selector.type) {
    case 'text':
      return (item) => valueAt(selector, item) === text
    case 'number': {
      const wanted = Number(text)
      if (!/^-?\d{1,15}$/.test(text))
        throw badRequest(`Invalid filter: ${selector.name} is compared with a whole number`)
      return (item) => valueAt(selector, item) === wanted
    }
    case 'boolean':
      if (text !== 'true' && text !== 'false') {
        throw badRequest(`Invalid filter: ${selector.name} is compared with true or false`)
      }
      return (item) => valueAt(selector, item) === (text === 'true')
    case 'list':
    case 'map':
      throw badRequest(`Invalid filter: ${selector.name} cannot be compared; use "contains" or "is empty"`)
    default:
      return selector.type satisfies never
  }
}

/** Asks whether a list or text holds a value, or a map a key. @throws ConsulError 400 for other fields */
export function contains(selector: Selector, text: string): Matcher {
  if (selector.type === 'number' || selector.type === 'boolean') {
    throw badRequest(`Invalid filter: ${selector.name} holds one value; use == or !=`)
  }
  return (item) => {
    const value = valueAt(selector, item)
    if (typeof value === 'string' || Array.isArray(value)) return value.includes(text)
    return typeof value === 'object' && value !== null && Object.hasOwn(value, text)
  }
}

/** Asks whether a list, map or text is empty. @throws ConsulError 400 for other fields */
export function isEmptyAt(selector: Selector): Matcher {
  if (selector.type === 'number' || selector.type === 'boolean') {
    throw badRequest(`Invalid filter: ${selector.name} holds one value and is never empty`)
  }
  return (item) => {
    const value = valueAt(selector, item) ?? ''
    if (typeof value === 'string' || Array.isArray(value)) return value.length === 0
    return typeof value === 'object' && Object.keys(value).length === 0
  }
}
