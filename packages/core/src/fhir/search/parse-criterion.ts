// Parses one parameter with its modifier and value into a criterion; chains and `_has` go on to other types.
import { splitEscaped, unescapeValue } from './escape.ts'
import { invalid, nearest, quote, SearchFault, tooMuch, unknown } from './faults.ts'
import { canBeSearched, definitionsOf, type ParameterDefinition, resourceTypes } from './parameters.ts'
import {
  name,
  parseDate,
  parseNumber,
  parseOfType,
  parseQuantity,
  parseReferenceIdentifier,
  parseReferenceValue,
  parseToken,
  type ValueContext,
} from './parse-values.ts'
import type { Criterion, SearchParameter } from './types.ts'

/** Longest chain: `a.b.c.d=x` follows three references, `_has` counts as one each. */
const maxChainSteps = 4
const maxAlternatives = 200

/** What is parsed, for which type. */
export interface CriterionInput {
  readonly type: string
  /** The name as in the URL, e.g. `subject:Patient.name:exact`. */
  readonly name: string
  readonly value: string
  /** How many references have been followed. */
  readonly depth: number
  readonly context: ValueContext
}

// Parameters of the standard that Xinglin does not have yet.
const unsupported: ReadonlySet<string> = new Set(['_text', '_content', '_list', '_query', '_filter', '_type'])

/** Parses a search parameter that selects resources. Throws SearchFault. */
export function parseCriterion(input: CriterionInput): Criterion {
  spend(input.context)
  if (input.name.startsWith('_has:')) return parseHas(input)
  const dot = input.name.indexOf('.')
  if (dot >= 0) return parseChain(input, dot)
  const colon = input.name.indexOf(':')
  const code = colon < 0 ? input.name : input.name.slice(0, colon)
  const modifier = colon < 0 ? undefined : input.name.slice(colon + 1)
  const parameter = requireParameter(input.type, code)
  if (input.value === '') throw invalid(`${name(parameter)} has no value; give one or leave the parameter out.`)
  return withModifier(parameter, modifier, input)
}

// A chain without types fans out over all targets at each step.
function spend({ budget }: ValueContext): void {
  budget.criteriaLeft -= 1
  if (budget.criteriaLeft < 0) {
    throw tooMuch('The search follows references to too many types at once; name them, as in subject:Patient.name.')
  }
}

/** Finds a parameter or says which are near. */
export function requireParameter(type: string, code: string): ParameterDefinition {
  const definitions = definitionsOf(type)
  const found = definitions.get(code)
  if (found !== undefined && canBeSearched(found)) return found
  if (found !== undefined || unsupported.has(code)) {
    throw unknown(`The parameter ${code} of ${type} is defined by FHIR but not supported here.`)
  }
  const near = nearest(code, [...definitions.keys()])
  const hint = near.length > 0 ? ` Did you mean ${near.join(', ')}?` : ' See /metadata for the parameters that it has.'
  throw unknown(`${type} has no search parameter ${quote(code)}.${hint}`)
}

function withModifier(parameter: ParameterDefinition, modifier: string | undefined, input: CriterionInput): Criterion {
  if (modifier === 'missing') return missing(parameter, input.value)
  const alternatives = splitEscaped(input.value, ',')
  if (alternatives.length > maxAlternatives) {
    throw invalid(`${name(parameter)} has ${alternatives.length} alternatives; at most ${maxAlternatives} are taken.`)
  }
  if (alternatives.includes('')) throw invalid(`${name(parameter)} has an empty alternative in ${quote(input.value)}.`)
  if (parameter.code === '_id') return ids(parameter, modifier, alternatives)
  if (modifier === 'text' && (parameter.type === 'token' || parameter.type === 'reference')) {
    return { kind: 'text', parameter, values: alternatives.map(unescapeValue) }
  }
  return ofKind(parameter, modifier, alternatives, input.context)
}

function missing(parameter: ParameterDefinition, value: string): Criterion {
  if (parameter.code === '_id' || parameter.code === '_lastUpdated') {
    throw unknown(`${name(parameter)} is never missing, so :missing is not supported on it.`)
  }
  if (value !== 'true' && value !== 'false') {
    throw invalid(`${name(parameter)}:missing takes true or false, not ${quote(value)}.`)
  }
  return { kind: 'missing', parameter, missing: value === 'true' }
}

function ids(parameter: SearchParameter, modifier: string | undefined, alternatives: readonly string[]): Criterion {
  refuseModifier(parameter, modifier, [])
  return { kind: 'id', values: alternatives.map(unescapeValue) }
}

function refuseModifier(parameter: SearchParameter, modifier: string | undefined, known: readonly string[]): void {
  if (modifier === undefined || known.includes(modifier)) return
  const can = known.length === 0 ? 'it takes none' : `it takes ${known.map((one) => `:${one}`).join(', ')}`
  throw unknown(`${name(parameter)} does not support the modifier ${quote(`:${modifier}`)}; ${can}.`)
}

const modifiersOf = {
  token: ['missing', 'not', 'text', 'of-type'],
  string: ['missing', 'exact', 'contains'],
  reference: ['missing', 'identifier', 'text'],
  uri: ['missing', 'below', 'above'],
} as const

function ofKind(
  parameter: ParameterDefinition,
  modifier: string | undefined,
  alternatives: readonly string[],
  context: ValueContext,
): Criterion {
  switch (parameter.type) {
    case 'token': {
      refuseModifier(parameter, modifier, modifiersOf.token)
      const parse = modifier === 'of-type' ? parseOfType : (one: SearchParameter, text: string) => parseToken(one, text)
      const values = alternatives.map((text) => parse(parameter, text))
      return { kind: 'token', parameter, negated: modifier === 'not', values }
    }
    case 'string': {
      refuseModifier(parameter, modifier, modifiersOf.string)
      const match = modifier === 'exact' || modifier === 'contains' ? modifier : 'starts'
      return { kind: 'string', parameter, match, values: alternatives.map(unescapeValue) }
    }
    case 'reference':
      return reference(parameter, modifier, alternatives, context)
    case 'date': {
      refuseModifier(parameter, modifier, ['missing'])
      const values = alternatives.map((text) => parseDate(name(parameter), text, context))
      return parameter.code === '_lastUpdated' ? { kind: 'last-updated', values } : { kind: 'date', parameter, values }
    }
    case 'number':
      refuseModifier(parameter, modifier, ['missing'])
      return { kind: 'number', parameter, values: alternatives.map((text) => parseNumber(parameter, text)) }
    case 'quantity':
      refuseModifier(parameter, modifier, ['missing'])
      return { kind: 'quantity', parameter, values: alternatives.map((text) => parseQuantity(parameter, text)) }
    case 'uri': {
      refuseModifier(parameter, modifier, modifiersOf.uri)
      const match = modifier === 'below' || modifier === 'above' ? modifier : 'exact'
      return { kind: 'uri', parameter, match, values: alternatives.map(unescapeValue) }
    }
    case 'composite':
      refuseModifier(parameter, modifier, ['missing'])
      return { kind: 'composite', parameter, values: alternatives.map((text) => composite(parameter, text, context)) }
    case 'special':
      throw unknown(`${name(parameter)} is not supported here.`)
    default:
      return parameter.type satisfies never
  }
}

function reference(
  parameter: ParameterDefinition,
  modifier: string | undefined,
  alternatives: readonly string[],
  context: ValueContext,
): Criterion {
  if (modifier === 'identifier') {
    const values = alternatives.map((text) => parseReferenceIdentifier(parameter, text))
    return { kind: 'reference', parameter, negated: false, values }
  }
  const type = modifier === undefined ? undefined : targetType(parameter, modifier)
  const values = alternatives.map((text) => parseReferenceValue(parameter, text, type, context))
  return { kind: 'reference', parameter, negated: false, values }
}

function targetType(parameter: ParameterDefinition, modifier: string): string {
  if (parameter.targets.includes(modifier)) return modifier
  refuseModifier(parameter, modifier, [...modifiersOf.reference, ...parameter.targets])
  return modifier
}

function composite(parameter: ParameterDefinition, text: string, context: ValueContext): readonly Criterion[] {
  const parts = splitEscaped(text, '$')
  const { components } = parameter
  if (parts.length !== components.length || parts.includes('')) {
    const form = components.map((component) => component.code).join('$')
    throw invalid(`${name(parameter)} takes ${form}, not ${quote(text)}.`)
  }
  return components.map((component, index) => {
    const part = requireParameter(parameter.base, component.code)
    const criterion = ofKind(part, undefined, [parts[index] ?? ''], context)
    if (criterion.kind === 'token' && criterion.values[0]?.code === undefined) {
      throw invalid(`${name(parameter)} needs a code for ${component.code}, not only a system.`)
    }
    return criterion
  })
}

function deeper(input: CriterionInput): number {
  if (input.depth + 1 > maxChainSteps) {
    throw tooMuch(`The chain of ${input.type} is longer than ${maxChainSteps} steps; ask in two searches.`)
  }
  return input.depth + 1
}

function parseChain(input: CriterionInput, dot: number): Criterion {
  const [code = '', type, ...rest] = input.name.slice(0, dot).split(':')
  const parameter = requireParameter(input.type, code)
  if (parameter.type !== 'reference' || rest.length > 0) {
    throw unknown(`${name(parameter)} is no reference, so ${quote(input.name)} cannot be followed.`)
  }
  const depth = deeper(input)
  const next = input.name.slice(dot + 1)
  if (type !== undefined) {
    if (!parameter.targets.includes(type)) refuseModifier(parameter, type, parameter.targets)
    const criterion = parseCriterion({ ...input, type, name: next, depth })
    return { kind: 'chain', parameter, targets: [{ type, criterion }] }
  }
  const nextCode = /^[^:.]*/.exec(next)?.[0] ?? next
  const types = parameter.targets.filter((target) => nextCode === '_has' || definitionsOf(target).has(nextCode))
  if (types.length === 0) {
    throw unknown(
      `None of the types that ${code} of ${input.type} refers to has a search parameter ${quote(nextCode)}.`,
    )
  }
  return { kind: 'chain', parameter, targets: chainTargets(types, { ...input, name: next, depth }) }
}

// Without a type in the name, a target counts when the rest of the name makes sense for it.
function chainTargets(
  types: readonly string[],
  input: CriterionInput,
): readonly { readonly type: string; readonly criterion: Criterion }[] {
  const faults: unknown[] = []
  const targets = types.flatMap((type) => {
    try {
      return [{ type, criterion: parseCriterion({ ...input, type }) }]
    } catch (fault) {
      if (!(fault instanceof SearchFault) || fault.kind === 'limit') throw fault
      faults.push(fault)
      return []
    }
  })
  if (targets.length === 0) throw faults[0]
  return targets
}

function parseHas(input: CriterionInput): Criterion {
  const [, type = '', code = '', ...rest] = input.name.split(':')
  if (rest.length === 0) throw invalid(`_has takes the form _has:Type:reference:parameter, not ${quote(input.name)}.`)
  requireType(type)
  const parameter = requireParameter(type, code)
  if (parameter.type !== 'reference') throw unknown(`${name(parameter)} is no reference, so _has cannot use it.`)
  if (parameter.targets.length > 0 && !parameter.targets.includes(input.type)) {
    throw unknown(`${name(parameter)} does not refer to ${input.type}, so _has cannot use it here.`)
  }
  const criterion = parseCriterion({ ...input, type, name: rest.join(':'), depth: deeper(input) })
  return { kind: 'has', type, parameter, criterion }
}

/** Throws unless it is an R4 resource type. */
export function requireType(type: string): void {
  if (definitionsOf(type).size > 0) return
  const near = nearest(type, resourceTypes)
  throw unknown(`${quote(type)} is no R4 resource type.${near.length > 0 ? ` Did you mean ${near.join(', ')}?` : ''}`)
}
