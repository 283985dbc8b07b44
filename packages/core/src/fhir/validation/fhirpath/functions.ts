// The FHIRPath functions that the invariants of R4 use (http://hl7.org/fhirpath/N1/#functions, http://hl7.org/fhir/R4/fhirpath.html).
import { referencedType } from '../elements/references.ts'
import { isNode } from '../walk.ts'
import { distinct, keySet } from './compare.ts'
import {
  childrenOf,
  computed,
  descendantsOf,
  type Item,
  type Items,
  isOfType,
  nothing,
  truthItems,
  truthOf,
} from './items.ts'

/** An argument of a function, run on a collection when the function wants it. */
export type Argument = (on: Items) => Items

/** A function: its input, its arguments, and the name that an argument spells (for `is`, `as`, `ofType`). */
export type PathFunction = (input: Items, args: readonly Argument[], typeName: string) => Items

const onNothing: Argument = () => nothing

const isTrueFor =
  (criterion: Argument): ((item: Item) => boolean) =>
  (item) =>
    truthOf(criterion([item])) === true

function textFunction(apply: (text: string, argument: string) => Items): PathFunction {
  return (input, [argument = onNothing]) => {
    const text = input[0]?.value
    const other = argument(input)[0]?.value
    return typeof text === 'string' && typeof other === 'string' ? apply(text, other) : nothing
  }
}

const patterns = new Map<string, RegExp>()

// The definitions mean whole texts; since R5 they say so with ^ and $. They alone write the patterns, never a caller.
function wholePattern(source: string): RegExp {
  const known = patterns.get(source)
  if (known !== undefined) return known
  const pattern = new RegExp(`^(?:${source})$`, 's')
  patterns.set(source, pattern)
  return pattern
}

function toInteger([item]: Items): Items {
  const value = item?.value
  if (typeof value === 'number') return Number.isInteger(value) ? [computed(value)] : nothing
  return typeof value === 'string' && /^[+-]?\d+$/.test(value) ? [computed(Number(value))] : nothing
}

/** What a reference says of its target: a literal of known type stands for the resource that is elsewhere. */
function resolve(input: Items): Items {
  return input.flatMap(({ value }): Items => {
    const reference = isNode(value) && typeof value.reference === 'string' ? value.reference : ''
    const type = referencedType(reference)
    return type === undefined ? [] : [{ value: { resourceType: type }, sibling: undefined, type }]
  })
}

function iif(
  input: Items,
  [condition = onNothing, then = onNothing, otherwise = onNothing]: readonly Argument[],
): Items {
  return truthOf(condition(input)) === true ? then(input) : otherwise(input)
}

const isPrimitiveValue = (value: unknown): boolean => value !== undefined && value !== null && typeof value !== 'object'

/** Functions whose arguments run on each item or on the input; of all others they run on what is around the call. */
export const lambdas: ReadonlySet<string> = new Set(['where', 'select', 'all', 'exists', 'iif'])

/** The functions by name. */
export const functions: Readonly<Record<string, PathFunction>> = {
  all: (input, [criterion = onNothing]) => truthItems(input.every(isTrueFor(criterion))),
  allFalse: (input) => truthItems(input.every((item) => item.value === false)),
  as: (input, _args, type) => input.filter((item) => isOfType(item, type)),
  children: childrenOf,
  combine: (input, [other = onNothing]) => [...input, ...other(input)],
  contains: textFunction((text, part) => truthItems(text.includes(part))),
  count: (input) => [computed(input.length)],
  descendants: descendantsOf,
  empty: (input) => truthItems(input.length === 0),
  exists: (input, [criterion]) =>
    truthItems(criterion === undefined ? input.length > 0 : input.some(isTrueFor(criterion))),
  first: (input) => input.slice(0, 1),
  hasValue: (input) => truthItems(input.length === 1 && isPrimitiveValue(input[0]?.value)),
  iif,
  intersect: (input, [other = onNothing]) => {
    const keys = keySet(other(input))
    return distinct(input).filter((item) => keySet([item]).isSubsetOf(keys))
  },
  is: ([item], _args, type) => (item === undefined ? nothing : truthItems(isOfType(item, type))),
  isDistinct: (input) => truthItems(distinct(input).length === input.length),
  length: ([item]: Items) => (typeof item?.value === 'string' ? [computed(item.value.length)] : nothing),
  matches: textFunction((text, pattern) => truthItems(wholePattern(pattern).test(text))),
  not: (input) => {
    const truth = truthOf(input)
    return truth === undefined ? nothing : truthItems(!truth)
  },
  ofType: (input, _args, type) => input.filter((item) => isOfType(item, type)),
  replaceMatches: (input, [pattern = onNothing, substitute = onNothing]) => {
    const text = input[0]?.value
    if (typeof text !== 'string') return nothing
    const source = String(pattern(input)[0]?.value)
    return [computed(text.replace(new RegExp(source, 'gs'), String(substitute(input)[0]?.value ?? '')))]
  },
  resolve,
  select: (input, [projection = onNothing]) => input.flatMap((item) => projection([item])),
  startsWith: textFunction((text, part) => truthItems(text.startsWith(part))),
  tail: (input) => input.slice(1),
  toInteger,
  toString: ([item]: Items) => (isPrimitiveValue(item?.value) ? [computed(String(item?.value))] : nothing),
  trace: (input) => input,
  where: (input, [criterion = onNothing]) => input.filter(isTrueFor(criterion)),
}
