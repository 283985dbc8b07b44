// Parses the parameters that shape the answer: order, page, counts, parts, and what is included.
import { splitEscaped } from './escape.ts'
import { invalid, quote, unknown } from './faults.ts'
import { requireParameter, requireType } from './parse-criterion.ts'
import type { Include, SearchQuery, SortKey } from './types.ts'

/** The parts of a query that shape the answer. */
export type ResultShape = Partial<
  Pick<SearchQuery, 'sort' | 'count' | 'total' | 'summary' | 'elements' | 'cursor'> & {
    readonly include: readonly Include[]
  }
>

const parsers: Readonly<Record<string, (value: string, types: readonly string[]) => ResultShape>> = {
  _sort: (value, types) => ({ sort: value.split(',').map((key) => sortKey(key, types)) }),
  _count: (value) => ({ count: count(value) }),
  _total: (value) => ({ total: oneOf('_total', value, ['none', 'estimate', 'accurate'] as const) }),
  _summary: (value) => ({ summary: oneOf('_summary', value, ['true', 'text', 'data', 'count', 'false'] as const) }),
  _elements: (value) => ({ elements: elements(value) }),
  _cursor: (value) => ({ cursor: value }),
  _format: () => ({}),
  _pretty: () => ({}),
}

/** Parses a parameter that shapes the answer; undefined when the name is not one of them. */
export function parseResult(name: string, value: string, types: readonly string[]): ResultShape | undefined {
  const [code = name, ...modifiers] = name.split(':')
  if (code === '_include' || code === '_revinclude') {
    return { include: [include(value, { isReverse: code === '_revinclude', modifiers, types })] }
  }
  const parse = Object.hasOwn(parsers, code) ? parsers[code] : undefined
  if (parse === undefined) return undefined
  if (modifiers.length > 0) throw unknown(`${code} takes no modifier, so ${quote(name)} is not supported.`)
  if (value === '') throw invalid(`${code} has no value; give one or leave the parameter out.`)
  return parse(value, types)
}

function count(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw invalid(`_count takes a whole number from 0, not ${quote(value)}.`)
  return Number(value)
}

function oneOf<T extends string>(code: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw invalid(`${code} takes one of ${allowed.join(', ')}, not ${quote(value)}.`)
  return found
}

function elements(value: string): readonly string[] {
  const names = splitEscaped(value, ',').map((name) => name.trim())
  const wrong = names.find((name) => !/^[A-Za-z][A-Za-z.]{0,99}$/.test(name))
  if (wrong !== undefined) throw invalid(`_elements takes names of elements separated by commas, not ${quote(wrong)}.`)
  return names
}

function sortKey(text: string, types: readonly string[]): SortKey {
  const descending = text.startsWith('-')
  const code = descending ? text.slice(1) : text
  if (code === '_id' || code === '_lastUpdated') return { parameter: code, descending }
  const [type, ...others] = types
  if (type === undefined || others.length > 0) {
    throw unknown(`A search over several types can be sorted by _id and _lastUpdated, not by ${quote(code)}.`)
  }
  const parameter = requireParameter(type, code)
  if (parameter.type === 'composite') throw unknown(`The composite ${code} of ${type} has no order to _sort by.`)
  return { parameter, descending }
}

interface IncludeContext {
  readonly isReverse: boolean
  readonly modifiers: readonly string[]
  readonly types: readonly string[]
}

function include(value: string, context: IncludeContext): Include {
  const code = context.isReverse ? '_revinclude' : '_include'
  const isIterate = context.modifiers.length === 1 && ['iterate', 'recurse'].includes(context.modifiers[0] ?? '')
  if (context.modifiers.length > 0 && !isIterate) throw unknown(`${code} takes only the modifier :iterate.`)
  const [source = '', parameter, target, ...rest] = value.split(':')
  const base = { reverse: context.isReverse, iterate: isIterate }
  if (value === '*') {
    const [type, ...others] = context.types
    if (context.isReverse || type === undefined || others.length > 0) {
      throw unknown(`${code}=* is not supported here; write ${code}=Type:parameter or Type:*.`)
    }
    return { ...base, source: type, parameter: '*' }
  }
  if (parameter === undefined || rest.length > 0) {
    throw invalid(`${code} takes Type:parameter or Type:parameter:Target, not ${quote(value)}.`)
  }
  requireType(source)
  if (target !== undefined) requireType(target)
  const wanted = { ...base, source, ...(target === undefined ? {} : { target }) }
  if (parameter === '*') return { ...wanted, parameter }
  const definition = requireParameter(source, parameter)
  if (definition.type !== 'reference')
    throw unknown(`${parameter} of ${source} is no reference, so ${code} cannot use it.`)
  if (target !== undefined && definition.targets.length > 0 && !definition.targets.includes(target)) {
    throw unknown(
      `${parameter} of ${source} does not refer to ${target}; it refers to ${definition.targets.join(', ')}.`,
    )
  }
  return { ...wanted, parameter: definition }
}
