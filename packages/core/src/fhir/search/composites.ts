// Composite parameters: the hashed parts (tokens, references) are folded into one hash; a date, number, quantity or string
// part becomes a row whose `p` is that hash, so that both parts are known to belong to the same element.
import { eachDate } from './dates.ts'
import { joinHash } from './hash.ts'
import { eachNumber } from './numbers.ts'
import { parameterHash } from './parameter-keys.ts'
import type { ParameterComponent, ParameterDefinition } from './parameters.ts'
import { type ElementPath, parsePath, readValues, type TypedValue, walkPath } from './paths.ts'
import { commonUnitSystems, compositeQuantityRows } from './quantity-rows.ts'
import { eachReference } from './references.ts'
import type { RowCollector } from './row-collector.ts'
import { eachString } from './strings.ts'
import { eachToken } from './tokens.ts'
import type { Criterion, QuantityValue, SearchParameter } from './types.ts'
import { tokenHash, valueHash } from './value-keys.ts'

/** A composite with its paths parsed. */
export interface CompiledComposite {
  readonly p: number
  readonly paths: readonly ElementPath[]
  readonly components: readonly (ParameterComponent & { readonly places: readonly ElementPath[] })[]
}

/** Parses the paths of a composite parameter. */
export function compileComposite(parameter: ParameterDefinition): CompiledComposite {
  return {
    p: parameterHash(parameter),
    paths: parameter.paths.map(parsePath),
    components: parameter.components.map((component) => ({ ...component, places: component.paths.map(parsePath) })),
  }
}

/** Writes the rows of a composite; true when the resource has a value for it. */
export function writeComposite(composite: CompiledComposite, resource: unknown, rows: RowCollector): boolean {
  let isPresent = false
  for (const path of composite.paths) {
    walkPath(path, resource, resource, (element) => {
      let hashes: readonly number[] = [composite.p]
      for (const [index, component] of composite.components.entries()) {
        const values = readValues(component.places, element, resource)
        if (values.length === 0) return
        isPresent = true
        if (component.type === 'token' || component.type === 'reference') {
          hashes = fold(hashes, values, component.type === 'token', rows.baseUrl)
        } else {
          writeRows(hashes, index, values, component.type, rows)
        }
        if (hashes.length === 0) return
      }
      if (composite.components.every(({ type }) => type === 'token' || type === 'reference'))
        rows.tokens.push(...hashes)
    })
  }
  return isPresent
}

/** The most variants of folded hashes per element; more codings than that are a mistake or an attack. */
const maxVariants = 512

function fold(
  hashes: readonly number[],
  values: readonly TypedValue[],
  isToken: boolean,
  baseUrl: string | undefined,
): readonly number[] {
  const folded: number[] = []
  const add = (next: (p: number) => number) => {
    for (const hash of hashes) if (folded.length < maxVariants) folded.push(next(hash))
  }
  const token = (system: string, code: string | undefined) => {
    if (code === undefined) return
    add((p) => tokenHash(p, system, code))
    add((p) => tokenHash(p, undefined, code))
  }
  for (const value of values) {
    if (isToken) eachToken(value, token)
    else {
      const record = (type: string, id: string) => add((p) => valueHash(p, `${type}/${id}`))
      const address = (url: string) => add((p) => valueHash(p, url))
      eachReference(value, { record, address, identifier: () => undefined, text: () => undefined }, baseUrl)
    }
  }
  return [...new Set(folded)]
}

/** The `p` of the rows of the part at `index` under a folded hash. */
function partHash(hash: number, index: number): number {
  return joinHash(hash, index)
}

function writeRows(
  hashes: readonly number[],
  index: number,
  values: readonly TypedValue[],
  type: ParameterComponent['type'],
  rows: RowCollector,
): void {
  for (const hash of hashes) {
    const p = partHash(hash, index)
    for (const value of values) {
      if (type === 'date') eachDate(value, (lo, hi) => rows.date(p, lo, hi))
      if (type === 'string') eachString(value, (v, raw) => rows.string(p, v, raw))
      if (type === 'number') eachNumber(value, (lo, hi) => rows.number(p, lo, hi))
      if (type === 'quantity') eachNumber(value, (lo, hi, unit) => compositeQuantityRows(rows, p, { lo, hi, unit }))
    }
  }
}

/** How one alternative of a composite criterion is found: by a hash in `tok`, or by rows under combined `p`s, all of which must hold. */
export interface CompositeRows {
  readonly tok?: number
  readonly rows?: { readonly p: number; readonly criterion: Criterion }
  /** Further rows, where a composite has more than one range part. */
  readonly more?: readonly { readonly p: number; readonly criterion: Criterion }[]
}

/** Where the rows of one alternative of a composite criterion are. */
export function compositeRows(parameter: SearchParameter, parts: readonly Criterion[]): CompositeRows | undefined {
  let hash = parameterHash(parameter)
  const found: { readonly p: number; readonly criterion: Criterion }[] = []
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'token') {
      const value = part.values[0]
      if (value?.code === undefined) return undefined
      hash = tokenHash(hash, value.system, value.code)
    } else if (part.kind === 'reference') {
      const value = part.values[0]
      const target = value?.type !== undefined && value.id !== undefined ? `${value.type}/${value.id}` : value?.url
      if (target === undefined) return undefined
      hash = valueHash(hash, target)
    } else {
      const p = partHash(hash, index)
      found.push({
        p,
        criterion: part.kind === 'quantity' ? { ...part, values: part.values.flatMap((v) => inUnits(v, p)) } : part,
      })
    }
  }
  const [first, ...more] = found
  if (first === undefined) return { tok: hash }
  return more.length === 0 ? { rows: first } : { rows: first, more }
}

function inUnits(value: QuantityValue, p: number): readonly QuantityValue[] {
  const { code, system } = value
  if (code === undefined) return [{ ...value, p }]
  const systems = system === undefined ? commonUnitSystems : [system]
  return systems.map((one) => ({ ...value, p: tokenHash(p, one, code) }))
}
