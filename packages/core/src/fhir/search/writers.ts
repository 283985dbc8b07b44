// Makes, for each parameter, the function that turns one of its values into index rows; hashes of names are computed once.
import { remember } from './bounded-cache.ts'
import { eachDate, openEndMs } from './dates.ts'
import { joinHash, stringHash } from './hash.ts'
import { normaliseText } from './normalise.ts'
import { eachNumber } from './numbers.ts'
import { identifierHash, parameterHash, textHash } from './parameter-keys.ts'
import type { ParameterDefinition } from './parameters.ts'
import type { TypedValue } from './paths.ts'
import { quantityRows } from './quantity-rows.ts'
import { eachAddress, eachReference } from './references.ts'
import type { RowCollector } from './row-collector.ts'
import { eachString } from './strings.ts'
import { eachIdentifierType, eachToken, eachTokenText } from './tokens.ts'
import { labelHash, ofTypeHash, tokenHash, tokenScope, valueHash } from './value-keys.ts'

/** Writes the rows of one value. */
export type WriteRows = (typed: TypedValue, rows: RowCollector) => void

/** What a parameter's values mean beside their own rows. */
export interface WriterRole {
  /** Rank among the type's clinical date parameters, from 0; undefined when it is none. */
  readonly clinicalRank: number | undefined
  /** True when its references to patients put the resource into their compartments. */
  readonly isPatientCompartment: boolean
}

/** The writer of a parameter; undefined where the store itself answers (`_id`, `_lastUpdated`) or nothing is indexed. */
export function writerOf(parameter: ParameterDefinition, role: WriterRole): WriteRows | undefined {
  const p = parameterHash(parameter)
  switch (parameter.type) {
    case 'token':
      return parameter.code === '_id' ? undefined : tokenWriter(p, textHash(parameter), parameter.code === '_security')
    case 'reference':
      return referenceWriter(p, textHash(parameter), role.isPatientCompartment)
    case 'date':
      return parameter.code === '_lastUpdated' ? undefined : dateWriter(p, role.clinicalRank)
    case 'string':
      return (typed, rows) => eachString(typed, (v, raw) => rows.string(p, v, raw))
    case 'number':
      return (typed, rows) => eachNumber(typed, (lo, hi) => rows.number(p, lo, hi))
    case 'quantity':
      return quantityWriter(p)
    case 'uri':
      return uriWriter(p)
    case 'composite':
    case 'special':
      return undefined
    default:
      return parameter.type satisfies never
  }
}

/** What writes a token's variants under `p`: system|code, any code of the system, code in any system, code without system. */
function tokenVariants(p: number): (rows: RowCollector, system: string, code: string | undefined) => void {
  const scopes = remember((system) => tokenScope(p, system))
  const anyCode = remember((system) => tokenHash(p, system, undefined))
  const inAnySystem = tokenScope(p, undefined)
  return (rows, system, code) => {
    if (system !== '') rows.tokens.push(anyCode(system))
    if (code === undefined) return
    const hash = stringHash(code)
    rows.tokens.push(joinHash(scopes(system), hash), joinHash(inAnySystem, hash))
  }
}

function tokenWriter(p: number, pText: number, isLabel: boolean): WriteRows {
  const variants = tokenVariants(p)
  return (typed, rows) => {
    eachToken(typed, (system, code) => {
      variants(rows, system, code)
      if (isLabel && code !== undefined) rows.labels.push(labelHash(system, code))
    })
    if (typeof typed.value !== 'object') return
    eachTokenText(typed, (text) => rows.string(pText, normaliseText(text), text))
    eachIdentifierType(typed, (type, value) => rows.tokens.push(ofTypeHash(p, type, value)))
  }
}

function referenceWriter(p: number, pText: number, isPatientCompartment: boolean): WriteRows {
  const identifiers = tokenVariants(identifierHash(p))
  const records = remember((reference) => valueHash(p, reference))
  return (typed, rows) =>
    eachReference(
      typed,
      {
        record(type, id) {
          rows.tokens.push(records(`${type}/${id}`))
          rows.reference(p, type, id)
          if (isPatientCompartment && type === 'Patient') rows.patients.push(id)
        },
        address: (url) => rows.tokens.push(valueHash(p, url)),
        identifier: (system, value) => identifiers(rows, system, value),
        text: (display) => rows.string(pText, normaliseText(display), display),
      },
      rows.baseUrl,
    )
}

function dateWriter(p: number, clinicalRank: number | undefined): WriteRows {
  return (typed, rows) =>
    eachDate(typed, (lo, hi) => {
      rows.date(p, lo, hi)
      if (clinicalRank !== undefined) rows.clinical(clinicalRank, lo === -openEndMs ? hi : lo)
    })
}

function quantityWriter(p: number): WriteRows {
  const write = quantityRows(p)
  return (typed, rows) => eachNumber(typed, (lo, hi, unit) => write(rows, lo, hi, unit))
}

// The hash serves the whole uri, the string row those below a given one.
function uriWriter(p: number): WriteRows {
  return (typed, rows) => {
    if (typeof typed.value !== 'string') return
    eachAddress(typed.value, (url) => rows.tokens.push(valueHash(p, url)))
    rows.string(p, normaliseText(typed.value), typed.value)
  }
}
