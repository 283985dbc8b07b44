// Compares tokens, references, strings and uris with the values asked for.
import { normaliseText } from './normalise.ts'
import type { TypedValue } from './paths.ts'
import { eachAddress, eachReference } from './references.ts'
import { eachString } from './strings.ts'
import { eachIdentifierType, eachToken, eachTokenText } from './tokens.ts'
import type { Criterion, ReferenceValue, SearchParameter, TokenValue } from './types.ts'

/** Whether a value is any of the tokens. */
export function isTokenMatch(typed: TypedValue, values: readonly TokenValue[]): boolean {
  let found = false
  eachToken(typed, (system, code) => {
    found = found || values.some((value) => value.ofType === undefined && isToken(system, code, value))
  })
  eachIdentifierType(typed, (type, number) => {
    const isOfType = ({ ofType, code }: TokenValue) =>
      ofType !== undefined && ofType.system === type.system && ofType.code === type.code && code === number
    found = found || values.some(isOfType)
  })
  return found
}

function isToken(system: string, code: string | undefined, asked: TokenValue): boolean {
  if (asked.system !== undefined && asked.system !== system) return false
  return asked.code === undefined || asked.code === code
}

/** Whether a value refers to any of those asked for. */
export function isReferenceMatch(
  typed: TypedValue,
  criterion: Criterion & { readonly kind: 'reference' },
  baseUrl: string | undefined,
): boolean {
  let found = false
  const { values, parameter } = criterion
  const test = (isOne: (value: ReferenceValue) => boolean) => {
    found = found || values.some(isOne)
  }
  const isAsked = (type: string, id: string, value: ReferenceValue) =>
    value.id === id && (value.type === undefined ? parameter.targets.includes(type) : value.type === type)
  eachReference(
    typed,
    {
      record: (type, id) => test((value) => isAsked(type, id, value)),
      // A resource in place is known as `Type/id`, and a bare word may be the address itself.
      address: (url) =>
        test(
          (value) =>
            value.url === url || value.id === url || (value.type !== undefined && `${value.type}/${value.id}` === url),
        ),
      identifier: (system, code) =>
        test((value) => value.identifier !== undefined && isToken(system, code, value.identifier)),
      text: () => undefined,
    },
    baseUrl,
  )
  return found
}

/** Whether a string starts with, is or contains any of the values. */
export function isStringMatch(
  typed: TypedValue,
  match: 'starts' | 'exact' | 'contains',
  values: readonly string[],
): boolean {
  const asked = values.map((value) => ({ raw: value, normalised: normaliseText(value) }))
  let found = false
  eachString(typed, (v, raw) => {
    found =
      found ||
      asked.some((value) => {
        if (match === 'exact') return value.raw === raw
        return match === 'starts' ? v.startsWith(value.normalised) : v.includes(value.normalised)
      })
  })
  return found
}

/** Whether a text of the value (display, text) contains any of the values. */
export function isTextMatch(typed: TypedValue, parameter: SearchParameter, values: readonly string[]): boolean {
  const asked = values.map(normaliseText)
  let found = false
  const test = (text: string) => {
    const normalised = normaliseText(text)
    found = found || asked.some((value) => normalised.includes(value))
  }
  if (parameter.type === 'token') eachTokenText(typed, test)
  else {
    const nothing = () => undefined
    eachReference(typed, { record: nothing, address: nothing, identifier: nothing, text: test }, undefined)
  }
  return found
}

/** Whether a uri is one of the values, lies below one, or above one (path segments count whole). */
export function isUriMatch(typed: TypedValue, match: 'exact' | 'below' | 'above', values: readonly string[]): boolean {
  if (typeof typed.value !== 'string') return false
  let found = false
  const isBelow = (lower: string, upper: string) =>
    lower === upper || lower.startsWith(upper.endsWith('/') ? upper : `${upper}/`)
  eachAddress(typed.value, (uri) => {
    found =
      found ||
      values.some((value) => {
        if (match === 'exact') return uri === value
        return match === 'below' ? isBelow(uri, value) : isBelow(value, uri)
      })
  })
  return found
}
