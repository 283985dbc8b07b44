// Parses a JSON body within bounds: size by the route, depth here, because recursion over strangers' data must end.
import { AppError } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import { refuseRepeatedNames } from './repeated-names.ts'

/** Deepest nesting of objects and arrays that is accepted. */
export const maxDepth = 120

/** A parsed body, and the numbers whose text says more than their value. */
export interface Parsed<T> {
  readonly value: T
  readonly decimals: readonly ExactDecimal[]
}

/** A number such as 1.50 where it stands; the precision of a decimal is part of it (http://hl7.org/fhir/R4/datatypes.html#decimal). */
export interface ExactDecimal {
  readonly holder: object
  readonly key: string
  readonly source: string
}

/** Parses a resource; throws `malformed-body` for anything else than a JSON object with a resourceType. */
export function parseResource(text: string): Parsed<Resource> {
  const { value, decimals } = parseJson(text)
  if (!isObject(value)) throw new AppError('malformed-body', 'The body must be a FHIR resource as a JSON object')
  const type = value['resourceType']
  if (typeof type !== 'string' || type === '') {
    throw new AppError('malformed-body', 'The body has no resourceType; name the type of the resource')
  }
  return { value: value as Resource, decimals }
}

/** Parses JSON; throws `malformed-body` when it is none, nested too deeply, or says one thing twice. */
export function parseJson(text: string): Parsed<unknown> {
  if (text.trim() === '') throw new AppError('malformed-body', 'The body is empty; send a FHIR resource as JSON')
  const decimals: ExactDecimal[] = []
  const value = parsed(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, decimals)
  const names = countNames(value)
  if (Number.isNaN(names)) throw new AppError('malformed-body', `The body is nested deeper than ${maxDepth} levels`)
  refuseRepeatedNames(text, names)
  const wild = decimals.find(isWild)
  if (wild !== undefined) {
    const shown = `${wild.source.slice(0, 20)}${wild.source.length > 20 ? '…' : ''}`
    throw new AppError('malformed-body', `The number ${shown} has too many digits, or is too near zero, to be kept`)
  }
  return { value, decimals }
}

const maxNumberCharacters = 400

// What a number of JavaScript takes for zero, or PostgreSQL cannot hold.
function isWild({ source }: ExactDecimal): boolean {
  if (source.length > maxNumberCharacters) return true
  const [digits = ''] = source.split(/[eE]/)
  return Number(source) === 0 && /[1-9]/.test(digits)
}

/**
 * Puts the texts of exact decimals in place of their numbers; afterwards only JSON.stringify may read the body. Places that
 * hold another number by now are left alone.
 */
export function restoreDecimals(decimals: readonly ExactDecimal[]): void {
  for (const { holder, key, source } of decimals) {
    const object = holder as Record<string, unknown>
    if (object[key] === Number(source)) object[key] = exactJson.rawJSON(source)
  }
}

// TC39 "JSON.parse source text access", in Node 24; TypeScript's ES2024 library does not have it yet.
const exactJson = JSON as unknown as {
  rawJSON(text: string): unknown
  parse(
    text: string,
    reviver?: (this: object, key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown
}

// Trailing zeros, exponents and more digits than a number holds; texts that look so only cost a slower parse.
const mayLosePrecision = /[:[,]\s*(?:-?\d+\.\d*0|-?\d+(?:\.\d+)?[eE][+-]?\d+|-?[\d.]{16,}|-0)(?=\s*[,}\]])/

function parsed(text: string, decimals: ExactDecimal[]): unknown {
  try {
    if (!mayLosePrecision.test(text)) return JSON.parse(text)
    return exactJson.parse(text, function keep(key, value, { source }) {
      if (typeof value === 'number' && source !== undefined && String(value) !== source) {
        decimals.push({ holder: this, key, source })
      }
      return value
    })
  } catch (cause) {
    const where =
      cause instanceof SyntaxError ? /position \d+(?: \(line \d+ column \d+\))?/.exec(cause.message)?.[0] : undefined
    throw new AppError('malformed-body', `The body is not valid JSON${where === undefined ? '' : ` at ${where}`}`)
  }
}

// The largest type of R4 has some 70 elements; objects with thousands of members are slow in every later step.
const maxMembers = 1000
const tooDeep = Number.NaN // stays NaN in every sum

// How many names the objects have in all; NaN when the nesting is too deep. Arrays apart: for-in is slow on them.
function countNames(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth >= maxDepth) return tooDeep
  let sum = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') sum += countNames(item, depth + 1)
    return sum
  }
  const object = value as Readonly<Record<string, unknown>>
  let own = 0
  for (const name in object) {
    own += 1
    if (typeof object[name] === 'object') sum += countNames(object[name], depth + 1)
  }
  if (own > maxMembers)
    throw new AppError('malformed-body', `An object has more than ${maxMembers} members; no element has`)
  return sum + own
}

/** Whether a parsed value is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
