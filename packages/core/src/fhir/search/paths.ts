// Reads values out of a resource along the plain paths that the R4 expressions were compiled to.

/** A place in JSON with its datatype. */
export interface ElementPath {
  readonly steps: readonly PathStep[]
  readonly datatype: string
  /** Code system implied by the required binding of a `code`. */
  readonly system: string | undefined
  /** True when the path starts at the resource although it stands in a part of a composite (`%resource`). */
  readonly isFromRoot: boolean
  /** `X.exists() and X != false` over these elements; there is a value, true or false, for every resource. */
  readonly existence: readonly string[] | undefined
}

/** One element name, with the filter that its values must pass. */
export interface PathStep {
  readonly name: string
  readonly filter: string
  readonly passes: ((value: unknown, index: number) => boolean) | undefined
}

/** A value with the datatype that says how to read it. */
export interface TypedValue {
  readonly datatype: string
  readonly system: string | undefined
  readonly value: unknown
}

type JsonObject = Readonly<Record<string, unknown>>

/** Parses a path of the generated table, e.g. `telecom[system=phone]:ContactPoint` or `status:code@http://…`. */
export function parsePath(text: string): ElementPath {
  const colon = text.indexOf(':')
  const [datatype = '', system] = text.slice(colon + 1).split('@')
  const place = text.slice(0, colon)
  const isFromRoot = place.startsWith('/.')
  const existence = place.startsWith('?') ? place.slice(1).split(',') : undefined
  const names = place === '' || existence !== undefined ? [] : place.slice(isFromRoot ? 2 : 0).split('.')
  // A surname that stands alone is read differently in Chinese.
  const isSurname = names.at(-1) === 'family' && datatype === 'string'
  return { steps: names.map(parseStep), datatype: isSurname ? 'surname' : datatype, system, isFromRoot, existence }
}

function parseStep(text: string): PathStep {
  const [, name = text, filter = ''] = /^([A-Za-z]+)(?:\[(.*)\])?$/.exec(text) ?? []
  return { name, filter, passes: filter === '' ? undefined : filterOf(filter) }
}

function filterOf(filter: string): (value: unknown, index: number) => boolean {
  if (/^\d+$/.test(filter)) return (_value, index) => index === Number(filter)
  if (filter.startsWith('>')) return (value) => pointsAt(value, filter.slice(1))
  const [key = '', wanted] = filter.split('=')
  return (value) => isObject(value) && value[key] === wanted
}

/** Narrows to a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// What `resolve() is Patient` can know without looking the reference up.
function pointsAt(value: unknown, type: string): boolean {
  if (!isObject(value)) return false
  const { reference } = value
  if (typeof reference !== 'string') return value['type'] === type
  return reference.startsWith(`${type}/`) || reference.includes(`/${type}/`) || value['type'] === type
}

/** Calls `visit` with each value at the path, in document order. */
export function walkPath(path: ElementPath, from: unknown, root: unknown, visit: (value: unknown) => void): void {
  if (path.existence !== undefined) {
    visit(isObject(root) && path.existence.some((name) => root[name] !== undefined && root[name] !== false))
    return
  }
  follow(path.steps, 0, path.isFromRoot ? root : from, visit)
}

function follow(steps: readonly PathStep[], at: number, value: unknown, visit: (value: unknown) => void): void {
  const step = steps[at]
  if (step === undefined) {
    visit(value)
    return
  }
  if (!isObject(value)) return
  const child = value[step.name]
  if (child === undefined || child === null) return
  const children = Array.isArray(child) ? child : [child]
  for (let index = 0; index < children.length; index += 1) {
    const item: unknown = children[index]
    if (item === null || item === undefined) continue
    if (step.passes === undefined || step.passes(item, index)) follow(steps, at + 1, item, visit)
  }
}

/** All values at the paths. */
export function readValues(paths: readonly ElementPath[], from: unknown, root: unknown): readonly TypedValue[] {
  const values: TypedValue[] = []
  for (const path of paths) {
    walkPath(path, from, root, (value) => {
      values.push({ datatype: path.datatype, system: path.system, value })
    })
  }
  return values
}
