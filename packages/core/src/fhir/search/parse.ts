// Parses a whole search: every parameter is understood, refused with a reason, or (when the client asks for leniency) told as ignored.
import { invalid, refuse, SearchFault, toIssue, unknown } from './faults.ts'
import { parameterHash } from './parameter-keys.ts'
import { parseCriterion, requireType } from './parse-criterion.ts'
import { parseResult, type ResultShape } from './parse-result.ts'
import type { ValueContext } from './parse-values.ts'
import type { Criterion, SearchQuery } from './types.ts'
import { tokenHash } from './value-keys.ts'

/** A search as it arrives. */
export interface SearchInput {
  /** The types that may be searched: one, or all those of a search over several types. */
  readonly types: readonly string[]
  /** Names and values, percent-decoded, in their order. */
  readonly parameters: readonly (readonly [string, string])[]
  /** `Prefer: handling=lenient`: what is not understood is left out and told in `ignored`. */
  readonly lenient: boolean
  readonly compartment?: { readonly type: string; readonly id: string }
  /** FHIR base under which absolute references are records here. */
  readonly baseUrl?: string
  /** The present in ms, for the prefix `ap` of dates. */
  readonly nowMs?: number
}

const maxParameters = 64
const maxNameLength = 512
const maxValueLength = 4096
const maxCriteria = 128

/** Parameters that every resource has, so that they can be asked of several types at once. */
const commonParameters: ReadonlySet<string> = new Set(['_id', '_lastUpdated', '_tag', '_security'])

/** Parses a search; throws `unknown-parameter` or `invalid-parameter` with all faults in `issues`. */
export function parseSearch(input: SearchInput): SearchQuery {
  refuseTooLarge(input)
  const faults: SearchFault[] = []
  const types = attempt(() => typesOf(input), faults) ?? input.types
  const criteria: Criterion[] = []
  const shapes: ResultShape[] = []
  const context = { baseUrl: input.baseUrl, nowMs: input.nowMs, budget: { criteriaLeft: maxCriteria } }
  const understood: (readonly [string, string])[] = []
  for (const pair of input.parameters) {
    const [name, value] = pair
    const isUnderstood = attempt(() => {
      if (name === '_type') return true
      const shape = parseResult(name, value, types)
      if (shape === undefined) criteria.push(criterionOf(types, name, value, context))
      else shapes.push(shape)
      return true
    }, faults)
    if (isUnderstood) understood.push(pair)
  }
  if (faults.length > 0 && !input.lenient) throw refuse(faults)
  const shape: ResultShape = Object.assign({}, ...shapes)
  return {
    types,
    criteria,
    ...(input.compartment === undefined ? {} : { compartment: input.compartment }),
    sort: shape.sort ?? [],
    ...(shape.count === undefined ? {} : { count: shape.count }),
    total: shape.total ?? 'none',
    summary: shape.summary ?? 'false',
    elements: shape.elements ?? [],
    includes: shapes.flatMap((one) => one.include ?? []),
    ...(shape.cursor === undefined ? {} : { cursor: shape.cursor }),
    ignored: faults.map((fault) => toIssue(fault, 'warning')),
    understood,
  }
}

function attempt<T>(parse: () => T, faults: SearchFault[]): T | undefined {
  try {
    return parse()
  } catch (fault) {
    if (!(fault instanceof SearchFault)) throw fault
    faults.push(fault)
    return undefined
  }
}

// Limits hold for lenient clients too.
function refuseTooLarge({ parameters }: SearchInput): void {
  if (parameters.length > maxParameters) {
    throw refuse([invalid(`The search has ${parameters.length} parameters; at most ${maxParameters} are taken.`)])
  }
  const long = parameters.find(([name, value]) => name.length > maxNameLength || value.length > maxValueLength)
  if (long === undefined) return
  const what = long[0].length > maxNameLength ? 'A parameter name' : `The value of ${long[0]}`
  throw refuse([
    invalid(`${what} is too long: names have at most ${maxNameLength} characters, values ${maxValueLength}.`),
  ])
}

function typesOf({ types, parameters }: SearchInput): readonly string[] {
  const asked = parameters.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','))
  if (asked.length === 0) return types
  for (const type of asked) {
    requireType(type)
    if (!types.includes(type)) throw invalid(`_type=${type} cannot be searched at this address.`)
  }
  return [...new Set(asked)]
}

function criterionOf(types: readonly string[], name: string, value: string, context: ValueContext): Criterion {
  const [type, ...others] = types
  if (type === undefined) throw invalid('No resource type is left to search.')
  const code = /^[^:.]*/.exec(name)?.[0] ?? name
  if (others.length > 0 && !commonParameters.has(code)) {
    throw unknown(
      `A search over several types takes ${[...commonParameters].join(', ')}, not ${code}; search one type instead.`,
    )
  }
  const criterion = parseCriterion({ type, name, value, depth: 0, context })
  return others.length === 0 ? criterion : forAll(types, criterion)
}

// The hashes of a value differ by type, so a search over several types looks for any of them.
function forAll(types: readonly string[], criterion: Criterion): Criterion {
  if (criterion.kind === 'id' || criterion.kind === 'last-updated') return criterion
  if (criterion.kind !== 'token' || criterion.values.some((value) => value.ofType !== undefined)) {
    throw unknown('A search over several types takes no other modifier than :not.')
  }
  const values = types.flatMap((type) =>
    criterion.values.map((value) => ({
      ...value,
      h: tokenHash(parameterHash({ base: type, code: criterion.parameter.code }), value.system, value.code),
    })),
  )
  return { ...criterion, values }
}
