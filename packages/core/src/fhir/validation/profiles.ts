// The profiles of the R4 core, such as the vital signs: what a resource claims in meta.profile it must keep
// (http://hl7.org/fhir/R4/profiling.html). Profiles of others are not known here and so not judged.
import table from '../generated/profiles.json' with { type: 'json' }
import type { Constraint } from './definitions.ts'
import { type BindingCheck, bindingCheck } from './elements/bindings.ts'
import { isSameJson, matchesPattern } from './elements/same-json.ts'
import { applyRules, type Rule } from './elements/table.ts'
import { childrenNamed, type Item, type Items, isOfType } from './fhirpath/items.ts'
import { ruleOf } from './rules.ts'
import { isNode, type Node, textOf, type Walk } from './walk.ts'

/** What a profile demands of an element beyond the base definitions. */
interface ProfileElement {
  readonly min?: number
  readonly max?: number
  readonly types?: readonly string[]
  readonly fixed?: unknown
  readonly pattern?: unknown
  readonly binding?: string
  readonly constraints?: readonly string[]
  readonly children?: Readonly<Record<string, ProfileElement>>
  readonly slicing?: Slicing
}

interface Slicing {
  /** What tells the slices apart: `value:coding.code`, `type:$this`. */
  readonly by: readonly string[]
  readonly closed?: true
  readonly slices: Readonly<Record<string, ProfileElement>>
}

// The generated file has this shape by construction.
const { profiles, constraints } = table as unknown as {
  readonly profiles: Readonly<Record<string, ProfileElement & { readonly type: string }>>
  readonly constraints: Readonly<Record<string, Omit<Constraint, 'key'>>>
}

// Made once each from the constant tables, so that they never differ between callers.
const rules = new Map<string, Rule | undefined>()
const bindings = new Map<string, BindingCheck | undefined>()

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  if (known.has(key)) return known.get(key) as T // it has what it was given
  const made = make()
  known.set(key, made)
  return made
}

function ruleFor(key: string, type: string): Rule | undefined {
  const constraint = constraints[key]
  return remembered(rules, `${key} ${type}`, () =>
    constraint === undefined ? undefined : ruleOf({ key, ...constraint }, type),
  )
}

function bindingFor(url: string, type: string): BindingCheck | undefined {
  return remembered(bindings, `${url} ${type}`, () => bindingCheck(url, type))
}

function meets({ fixed, pattern, types }: ProfileElement, item: Item): boolean {
  if (fixed !== undefined && !isSameJson(item.value, fixed)) return false
  if (pattern !== undefined && !matchesPattern(item.value, pattern)) return false
  return types === undefined || types.some((type) => isOfType(item, type))
}

/** The parts of a slice that a path leads to, through slices inside of it too. */
function partsAt(slice: ProfileElement, path: string): readonly ProfileElement[] {
  if (path === '$this') return [slice]
  const [name = '', ...rest] = path.split('.')
  const child = slice.children?.[name]
  if (child === undefined) return []
  const all = [child, ...Object.values(child.slicing?.slices ?? {})]
  return rest.length === 0 ? all : all.flatMap((each) => partsAt(each, rest.join('.')))
}

function itemsAt(item: Item, path: string): Items {
  return path === '$this' ? [item] : path.split('.').reduce<Items>(childrenNamed, [item])
}

function isInSlice(item: Item, slice: ProfileElement, by: readonly string[]): boolean {
  return by.every((discriminator) => {
    const path = discriminator.slice(discriminator.indexOf(':') + 1)
    const parts = partsAt(slice, path)
    return itemsAt(item, path).some((each) => parts.every((part) => meets(part, each)))
  })
}

/** An item with its place in the list. */
type Numbered = readonly [index: number, item: Item]

class ProfileCheck {
  readonly #walk: Walk
  /** The name of the profile, for messages. */
  readonly #name: string

  constructor(walk: Walk, name: string) {
    this.#walk = walk
    this.#name = name
  }

  #fault(text: string): void {
    this.#walk.error('invariant', 'profile', `The profile ${this.#name} ${text}`)
  }

  item(element: ProfileElement, item: Item): void {
    if (!meets(element, item)) {
      const { fixed, pattern, types = [] } = element
      const wanted = fixed ?? pattern
      this.#fault(wanted === undefined ? `asks for ${types.join(' or ')}.` : `asks for ${JSON.stringify(wanted)}.`)
      return
    }
    if (element.binding !== undefined) bindingFor(element.binding, item.type)?.(item.value, this.#walk)
    for (const key of element.constraints ?? []) {
      const rule = ruleFor(key, item.type)
      if (rule !== undefined) applyRules([rule], item.value, this.#walk)
    }
    for (const [name, child] of Object.entries(element.children ?? {})) {
      this.#items(child, childrenNamed([item], name), name)
    }
  }

  #items(element: ProfileElement, items: Items, name: string): void {
    const numbered = [...items.entries()]
    this.#walk.enter(name)
    this.#count(element, items.length, name)
    this.#each(element, numbered, items.length > 1)
    if (element.slicing !== undefined) this.#slices(element.slicing, numbered, name)
    this.#walk.leave()
  }

  #each(element: ProfileElement, items: readonly Numbered[], isList: boolean): void {
    for (const [index, item] of items) {
      if (isList) this.#walk.at(index)
      this.item(element, item)
    }
    this.#walk.at(-1)
  }

  #slices({ by, closed, slices }: Slicing, items: readonly Numbered[], name: string): void {
    const left = new Set(items)
    for (const [sliceName, slice] of Object.entries(slices)) {
      const own = items.filter(([, item]) => isInSlice(item, slice, by))
      this.#count(slice, own.length, `${name}:${sliceName}`)
      this.#each(slice, own, items.length > 1)
      for (const each of own) left.delete(each)
    }
    if (closed && left.size > 0) this.#fault(`allows no other ${name} than ${Object.keys(slices).join(', ')}.`)
  }

  #count({ min = 0, max = Number.POSITIVE_INFINITY }: ProfileElement, count: number, name: string): void {
    if (count < min) this.#fault(`asks for at least ${min} ${name}, but there are ${count}.`)
    if (count > max) this.#fault(`allows at most ${max} ${name}, but there are ${count}.`)
  }
}

/** Checks a sound resource against those of its claimed profiles that the R4 core defines. */
export function checkProfiles(resource: Node, walk: Walk): void {
  const claimed = isNode(resource.meta) && Array.isArray(resource.meta.profile) ? resource.meta.profile : []
  for (const canonical of new Set<unknown>(claimed)) {
    const [url = '', version = '4.0.1'] = textOf(canonical).split('|')
    const profile = Object.hasOwn(profiles, url) ? profiles[url] : undefined
    if (profile === undefined || version !== '4.0.1') continue
    const type = textOf(resource.resourceType)
    const check = new ProfileCheck(walk, url.slice(url.lastIndexOf('/') + 1))
    if (type === profile.type) check.item(profile, { value: resource, sibling: undefined, type })
    else walk.error('invalid', 'profile', `The profile ${url} is for ${profile.type}, not for ${type}.`)
  }
}
