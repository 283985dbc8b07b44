// The rows of a quantity: without its unit, with the unit's code in any system, and with system and code.
import { remember } from './bounded-cache.ts'
import type { QuantityUnit } from './numbers.ts'
import type { RowCollector } from './row-collector.ts'
import { tokenHash } from './value-keys.ts'

/** What writes the number rows of quantities under `p`. */
export function quantityRows(p: number): (rows: RowCollector, lo: number, hi: number, unit: QuantityUnit) => void {
  const ofAnySystem = remember((code) => tokenHash(p, undefined, code))
  const ofSystem = remember((key) => {
    const space = key.indexOf(' ')
    return tokenHash(p, key.slice(0, space), key.slice(space + 1))
  })
  return (rows, lo, hi, unit) => {
    rows.number(p, lo, hi)
    if (unit.code !== undefined) {
      rows.number(ofAnySystem(unit.code), lo, hi)
      if (unit.system !== '') rows.number(ofSystem(`${unit.system} ${unit.code}`), lo, hi)
    }
    // `5||mg` may also mean the unit as people write it.
    if (unit.text !== undefined && unit.text !== unit.code) rows.number(ofAnySystem(unit.text), lo, hi)
  }
}

/** The systems in which `value||code` is looked for inside composites, which keep one row per system and code. */
export const commonUnitSystems: readonly string[] = [
  '',
  'http://unitsofmeasure.org',
  'urn:iso:std:iso:4217',
  'http://snomed.info/sct',
]

/** What writes the fewer number rows of a quantity inside a composite: without unit, and with system and code. */
export function compositeQuantityRows(rows: RowCollector, p: number, range: CompositeQuantity): void {
  const { lo, hi, unit } = range
  rows.number(p, lo, hi)
  const code = unit.code ?? unit.text
  if (code !== undefined) rows.number(tokenHash(p, unit.code === undefined ? '' : unit.system, code), lo, hi)
}

/** A quantity's range and unit. */
export interface CompositeQuantity {
  readonly lo: number
  readonly hi: number
  readonly unit: QuantityUnit
}
