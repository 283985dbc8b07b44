// Compiles the R4 tables into checks, each type at its first use.
import { type ElementDefinition, type PropertyDefinition, typeDefinition } from './definitions.ts'
import { type PrimitiveFault, primitiveFaults } from './elements/primitives.ts'
import * as slots from './elements/slots.ts'
import { checkObject, type Slot, type Table } from './elements/table.ts'
import { valueCheck } from './elements/value-checks.ts'
import { checkResource } from './resource.ts'
import { ruleOf } from './rules.ts'
import { typeCheck } from './types/type-checks.ts'

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
    const { isResource, constraints } = definition
    const compiled = new Map<string, Slot>()
    const requiredNames = new Map<number, string>()
    let bits = 0
    for (const element of definition.elements) {
      if (element.max === 0) continue
      const bit = element.isChoice || element.min > 0 ? 1 << bits++ : 0
      if (element.min > 0) requiredNames.set(bit, element.isChoice ? `${element.name}[x]` : element.name)
      this.#addElement(compiled, element, bit)
    }
    if (bits > mostBits) throw new Error(`${type} has more than ${mostBits} required elements and choices`)
    if (isResource) compiled.set('resourceType', { name: 'resourceType', bit: 0, isChoice: false, check: () => {} })
    const required = [...requiredNames.keys()].reduce((all, bit) => all | bit, 0)
    const rules = constraints.map((constraint) => ruleOf(constraint, type)).filter((rule) => rule !== undefined)
    // A resource has its type, and `_` siblings, which are checked as Element, may hold an id alone.
    const needsContent = !isResource && type !== 'Element'
    return { type, needsContent, slots: compiled, required, requiredNames, rules, also: typeCheck(type) }
  }

  #addElement(compiled: Map<string, Slot>, element: ElementDefinition, bit: number): void {
    const { name, isChoice } = element
    for (const property of element.properties) {
      const { key } = property
      const fault = primitiveFaults[property.type]
      if (fault === undefined) {
        compiled.set(key, { name, bit, isChoice, check: this.#objectSlot(element, property) })
        continue
      }
      const { check, sibling } = this.#primitiveSlots(element, property, fault)
      compiled.set(key, { name, bit, isChoice, check })
      if (sibling !== undefined) compiled.set(`_${key}`, { name, bit, isChoice, check: sibling })
    }
  }

  #objectSlot(element: ElementDefinition, property: PropertyDefinition): slots.SlotCheck {
    const own = this.#objectCheck(element, property)
    const more = valueCheck(element, property)
    const check: slots.ValueCheck =
      more === undefined
        ? own
        : (value, walk) => {
            own(value, walk)
            more(value, walk)
          }
    return isList(element) ? slots.objectList(check, element) : slots.singleObject(check)
  }

  #objectCheck({ name }: ElementDefinition, { type }: PropertyDefinition): slots.ValueCheck {
    if (type === 'Resource') {
      const place = name === 'contained' ? 'contained' : 'standalone'
      return (value, walk) => checkResource(value, walk, place, this.table)
    }
    let table: Table | undefined
    return (value, walk) => {
      table ??= this.table(type)
      checkObject(table, value, walk)
    }
  }

  #primitiveSlots(
    element: ElementDefinition,
    property: PropertyDefinition,
    fault: PrimitiveFault,
  ): { readonly check: slots.SlotCheck; readonly sibling: slots.SlotCheck | undefined } {
    const { key, type } = property
    const own = slots.primitiveValue(fault, valueCheck(element, property))
    const extensions: slots.ValueCheck = (value, walk) => checkObject(this.table('Element'), value, walk)
    // xhtml and the ids of elements are attributes of the XML form and so have no extensions.
    const hasSibling = type !== 'xhtml' && !(element.name === 'id' && type === 'string')
    if (isList(element)) {
      const check = slots.primitiveList(own, element, `_${key}`)
      return { check, sibling: hasSibling ? slots.siblingList(extensions, key) : undefined }
    }
    const check = slots.singlePrimitive(own)
    return { check, sibling: hasSibling ? slots.singleSibling(extensions, key) : undefined }
  }
}

function isList({ max }: ElementDefinition): boolean {
  return max === '*' || max > 1
}
