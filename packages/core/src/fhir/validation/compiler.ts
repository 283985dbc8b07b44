// Compiles the R4 tables into checks, each type at its first use.
import { bindingCheck } from './bindings.ts'
import { constraintOf, type ElementDefinition, isResourceType, typeDefinition } from './definitions.ts'
import { checkNarrative } from './narrative.ts'
import { primitiveFaults } from './primitives.ts'
import { checkAbsolute, checkCanonical, checkReference, mustBeAbsolute, noteUri } from './references.ts'
import { checkResource, type ResourcePlace } from './resource.ts'
import { ruleOf } from './rules.ts'
import { isSameJson, matchesPattern } from './same-json.ts'
import * as slots from './slots.ts'
import { applyRules, checkObject, type Rule, type Slot, type Table } from './table.ts'
import { typeCheck } from './type-checks.ts'
import type { Walk } from './walk.ts'

const mostBits = 31

/** Keeps the compiled types of one validator. */
export class TypeCompiler {
  readonly #tables = new Map<string, Table>()

  /** Gives the compiled type; the name is one of the definitions. */
  readonly table = (type: string): Table => {
    const known = this.#tables.get(type)
    if (known !== undefined) return known
    const table = this.#compile(type)
    this.#tables.set(type, table)
    return table
  }

  #compile(type: string): Table {
    const definition = typeDefinition(type)
    if (definition === undefined) throw new Error(`the definitions have no type ${type}`)
    const isResource = isResourceType(type)
    const compiled = new Map<string, Slot>()
    const requiredNames = new Map<number, string>()
    let bits = 0
    for (const element of definition.elements) {
      if (element.max === 0) continue
      const isChoice = element.name.endsWith('[x]')
      const bit = isChoice || element.min > 0 ? 1 << bits++ : 0
      if (bits > mostBits) throw new Error(`${type} has more than ${mostBits} required elements and choices`)
      if (element.min > 0) requiredNames.set(bit, element.name)
      this.#addElement(compiled, { type, isResource, element, bit, isChoice })
    }
    if (isResource) compiled.set('resourceType', { name: 'resourceType', bit: 0, isChoice: false, check: () => {} })
    let required = 0
    for (const bit of requiredNames.keys()) required |= bit
    const rules = definition.constraints
      .map((constraint) => ruleOf(constraint, type))
      .filter((rule) => rule !== undefined)
    return { type, isResource, slots: compiled, required, requiredNames, rules, also: typeCheck(type) }
  }

  #addElement(
    compiled: Map<string, Slot>,
    place: {
      readonly type: string
      readonly isResource: boolean
      readonly element: ElementDefinition
      readonly bit: number
      readonly isChoice: boolean
    },
  ): void {
    const { type, isResource, element, bit, isChoice } = place
    const name = isChoice ? element.name.slice(0, -3) : element.name
    for (const typeText of element.types) {
      const [declared = '', targets = ''] = typeText.split(':')
      const code = isResource && name === 'id' ? 'id' : declared
      const shownCode = code === 'SimpleQuantity' || code === 'MoneyQuantity' ? 'Quantity' : code
      const key = isChoice ? `${name}${shownCode.charAt(0).toUpperCase()}${shownCode.slice(1)}` : name
      const check = this.#valueCheck(element, code, targets, type)
      const isPrimitive = code in primitiveFaults
      const isList = element.max === '*' || element.max > 1
      if (!isPrimitive) {
        const slotCheck = isList ? slots.objectList(check, element) : slots.singleObject(check)
        compiled.set(key, { name, bit, isChoice, check: slotCheck })
        continue
      }
      const sibling = `_${key}`
      const own = isList ? slots.primitiveList(check, element, sibling) : slots.singlePrimitive(check)
      compiled.set(key, { name, bit, isChoice, check: own })
      // xhtml and the ids of elements are attributes of the XML form and so have no extensions.
      if (code === 'xhtml' || (name === 'id' && !isResource)) continue
      const extensions = (value: unknown, walk: Walk): void => checkObject(this.table('Element'), value, walk)
      const other = isList ? slots.siblingList(extensions, key) : slots.singleSibling(extensions, key)
      compiled.set(sibling, { name, bit, isChoice, check: other })
    }
  }

  #valueCheck(element: ElementDefinition, code: string, targets: string, type: string): slots.ValueCheck {
    const also = this.#alsoChecks(element, code, targets, type)
    const fault = primitiveFaults[code]
    const all =
      also.length === 0
        ? undefined
        : (value: unknown, walk: Walk): void => {
            for (const check of also) check(value, walk)
          }
    if (fault !== undefined) return slots.primitiveValue(fault, all)
    const own = this.#complexCheck(element, code)
    if (all === undefined) return own
    return (value, walk) => {
      own(value, walk)
      all(value, walk)
    }
  }

  #complexCheck(element: ElementDefinition, code: string): slots.ValueCheck {
    if (code === 'Resource') {
      const place: ResourcePlace = element.name === 'contained' ? 'contained' : 'standalone'
      return (value, walk) => checkResource(value, walk, place, this.table)
    }
    let table: Table | undefined
    return (value, walk) => {
      table ??= this.table(code)
      checkObject(table, value, walk)
    }
  }

  /** Everything that the type itself does not say: targets, bindings, fixed values, invariants on the element. */
  #alsoChecks(element: ElementDefinition, code: string, targets: string, type: string): readonly slots.ValueCheck[] {
    const checks: slots.ValueCheck[] = []
    const targetSet = new Set(targets === '' ? [] : targets.split(','))
    if (code === 'Reference') checks.push((value, walk) => checkReference(value, targetSet, walk))
    if (code === 'canonical') checks.push((value, walk) => checkCanonical(value, targetSet, walk))
    if (mustBeAbsolute(type, element.name)) checks.push(checkAbsolute)
    if (code === 'uri' || code === 'url') checks.push(noteUri)
    if (code === 'xhtml') checks.push(checkNarrative)
    if (element.binding !== undefined) {
      const binding = bindingCheck(element.binding, code)
      if (binding !== undefined) checks.push(binding)
    }
    const { fixed, pattern } = element
    if (fixed !== undefined) checks.push(mustBe(fixed, isSameJson))
    if (pattern !== undefined) checks.push(mustBe(pattern, matchesPattern))
    const rules = (element.constraints ?? []).flatMap((key): readonly Rule[] => {
      const constraint = constraintOf(key)
      const rule = constraint === undefined ? undefined : ruleOf(constraint, code)
      return rule === undefined ? [] : [rule]
    })
    if (rules.length > 0) checks.push((value, walk) => applyRules(rules, value, walk))
    return checks
  }
}

function mustBe(wanted: unknown, matches: (value: unknown, wanted: unknown) => boolean): slots.ValueCheck {
  return (value, walk) => {
    if (!matches(value, wanted)) walk.error('value', 'structure.fixed', `The value must be ${JSON.stringify(wanted)}.`)
  }
}
