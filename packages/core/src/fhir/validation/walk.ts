// The state of one validation: where the walk stands, what it found, and the resource that relative things refer to.
import type { Issue, IssueType } from '../../errors/index.ts'

/** A JSON object under validation. */
export type Node = Readonly<Record<string, unknown>>

/** What %resource, %rootResource and `#id` mean at a place. */
export interface Scope {
  /** The nearest resource around the element. */
  readonly resource: Node
  readonly root: RootScope
}

/** A resource that is not contained in another, and what is known of those in it. */
export interface RootScope {
  readonly resource: Node
  /** The contained resources by id. */
  readonly contained: ReadonlyMap<unknown, Node>
  /** Everything inside that points to a contained resource: `#id`. */
  readonly fragments: Set<string>
  /** The contained resources that point to the one around them: `#`. */
  readonly pointingUp: Set<Node>
}

/** Makes the scope of a resource that is not contained in another. */
export function rootScope(resource: Node): Scope {
  const inside = Array.isArray(resource.contained) ? resource.contained.filter(isNode) : []
  const contained = new Map(inside.map((each) => [each.id, each]))
  return { resource, root: { resource, contained, fragments: new Set(), pointingUp: new Set() } }
}

/** Limits that keep hostile input cheap. */
export interface WalkLimits {
  /** Levels of JSON nesting. */
  readonly depth: number
  /** Issues kept; the walk stops when they are reached. */
  readonly issues: number
}

/** Thrown inside the walk alone, to leave it when the limit of issues is reached. */
export class EnoughIssues extends Error {}

/** Walks down a resource, knows its place and collects issues. */
export class Walk {
  readonly issues: Issue[] = []
  readonly limits: WalkLimits
  scope: Scope = rootScope({})
  /** Errors found so far, so that invariants are only asked of sound structures. */
  errors = 0
  depth = 0
  readonly #names: string[] = []
  readonly #indexes: number[] = []

  constructor(limits: WalkLimits) {
    this.limits = limits
  }

  /** Steps into an element; every call is paired with {@link leave}. */
  enter(name: string): void {
    this.#names[this.depth] = name
    this.#indexes[this.depth] = -1
    this.depth += 1
  }

  /** Says which item of the entered list is looked at; -1 is the list itself. */
  at(index: number): void {
    this.#indexes[this.depth - 1] = index
  }

  leave(): void {
    this.depth -= 1
  }

  /** Remembers that something here points to a contained resource (`#id`) or to the one around (`#`). */
  noteFragment(text: string): void {
    this.scope.root.fragments.add(text)
    if (text === '#') this.scope.root.pointingUp.add(this.scope.resource)
  }

  /** The name of the element around the one that was entered last. */
  parentName(): string | undefined {
    return this.#names[this.depth - 2]
  }

  /** FHIRPath of the place, such as `Patient.name[0].use`. */
  expression(): string {
    let text = ''
    for (let level = 0; level < this.depth; level += 1) {
      const index = this.#indexes[level] ?? -1
      text += `${level === 0 ? '' : '.'}${this.#names[level]}${index < 0 ? '' : `[${index}]`}`
    }
    return text
  }

  error(code: IssueType, rule: string, diagnostics: string): void {
    this.errors += 1
    this.#report('error', code, rule, diagnostics)
  }

  warning(code: IssueType, rule: string, diagnostics: string): void {
    this.#report('warning', code, rule, diagnostics)
  }

  #report(severity: 'error' | 'warning', code: IssueType, rule: string, diagnostics: string): void {
    const expression = this.expression()
    this.issues.push({ severity, code, diagnostics, rule, ...(expression === '' ? {} : { expression }) })
    if (this.issues.length >= this.limits.issues) throw new EnoughIssues()
  }
}

/** Narrows a value to a JSON object. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value itself when it is a text; of anything else nothing is told, since even String(value) may throw. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Names the JSON type of a value for a message. */
export function jsonType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Shortens a value of the sender for a message. */
export function quote(value: unknown): string {
  const text = typeof value === 'object' ? jsonType(value) : String(value)
  return `'${text.length > 80 ? `${text.slice(0, 80)}…` : text}'`
}
