// Compiles a Consent into what it withholds (pure). Provisions are exceptions within exceptions, so each that denies becomes
// one condition, all that stands around it included, with the provisions that permit within it as its exceptions.
import type { Resource } from '@xinglin/core/fhir'
import { isObject } from '../prepare/parse-body.ts'
import { elementsOf, type Refuse, readCondition, type Unenforceable } from './read-condition.ts'
import type { Condition, Restriction } from './restriction.ts'

/** What a Consent withholds; `unenforceable` names what cannot be honoured as it stands. */
export interface CompiledConsent {
  readonly restrictions: readonly Restriction[]
  readonly unenforceable: readonly Unenforceable[]
}

type Element = Readonly<Record<string, unknown>>

interface Node {
  readonly isDeny: boolean
  readonly condition: Condition
  readonly path: string
  readonly within: readonly Node[]
}

const scopeSystem = 'http://terminology.hl7.org/CodeSystem/consentscope'
const policySystem = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const maxDepth = 4
const maxProvisions = 50

// Whether a Consent says what may be read: active, and of the scope `patient-privacy`. Others are kept, and rule nothing.
function isPrivacyConsent(consent: Resource): boolean {
  const { status, scope } = consent
  const codings = isObject(scope) ? elementsOf(scope['coding']) : []
  return status === 'active' && codings.some(({ system, code }) => system === scopeSystem && code === 'patient-privacy')
}

/** Compiles a Consent; one that rules nothing withholds nothing. */
export function compileConsent(consent: Resource): CompiledConsent {
  if (!isPrivacyConsent(consent)) return { restrictions: [], unenforceable: [] }
  const unenforceable: Unenforceable[] = []
  const refuse: Refuse = (expression, diagnostics) => unenforceable.push({ expression, diagnostics })
  if ('modifierExtension' in consent) refuse('Consent.modifierExtension', 'Extensions that modify are not understood')
  const root = isObject(consent['provision']) ? consent['provision'] : {}
  const counted = { count: 0 }
  const base = baseOf(consent, root, refuse)
  const node = readNode(root, { path: 'Consent.provision', isDeny: base, depth: 0, refuse, counted })
  if (counted.count > maxProvisions) refuse('Consent.provision', `At most ${maxProvisions} provisions can be enforced`)
  return { restrictions: denials(node, [], refuse), unenforceable }
}

// R4 lets the policy rule decide what holds without a rule; a type of the outermost provision is taken where it stands.
function baseOf({ policyRule }: Resource, root: Element, refuse: Refuse): boolean {
  if (root['type'] === 'deny' || root['type'] === 'permit') return root['type'] === 'deny'
  const codings = isObject(policyRule) ? elementsOf(policyRule['coding']) : []
  const codes = codings.filter(({ system }) => system === policySystem).map(({ code }) => code)
  if (codes.includes('OPTOUT')) return true
  if (codes.includes('OPTIN')) return false
  refuse('Consent.provision.type', 'Say what holds: provision.type deny or permit, or the policy rule OPTIN or OPTOUT')
  return true
}

interface Reading {
  readonly path: string
  readonly isDeny: boolean
  readonly depth: number
  readonly refuse: Refuse
  readonly counted: { count: number }
}

function readNode(provision: Element, reading: Reading): Node {
  const { path, isDeny, depth, refuse, counted } = reading
  counted.count += 1
  const condition = readCondition(provision, path, refuse)
  const nested = elementsOf(provision['provision'])
  if (nested.length > 0 && depth >= maxDepth) {
    refuse(path, `Provisions can be nested ${maxDepth} deep`)
    return { isDeny, condition, path, within: [] }
  }
  const within = nested.map((child, at) => {
    const inner = `${path}.provision[${at}]`
    if (child['type'] !== (isDeny ? 'permit' : 'deny')) {
      refuse(`${inner}.type`, `An exception to what is ${isDeny ? 'denied must permit' : 'permitted must deny'}`)
    }
    return readNode(child, { ...reading, path: inner, isDeny: !isDeny, depth: depth + 1 })
  })
  return { isDeny, condition, path, within }
}

function denials(node: Node, around: readonly Node[], refuse: Refuse): readonly Restriction[] {
  const chain = [...around, node]
  const inner = node.within.flatMap((child) => denials(child, chain, refuse))
  if (!node.isDeny) return inner
  refuseRepeated(chain, refuse)
  const condition = chain.map((one) => one.condition).reduce(both)
  return [{ ...condition, exceptions: node.within.map((child) => child.condition) }, ...inner]
}

// One caller has several identities and one record several labels: of those, lists cannot be cut to what both name.
function refuseRepeated(chain: readonly Node[], refuse: Refuse): void {
  for (const [name, element] of [
    ['identities', 'actor'],
    ['labels', 'securityLabel'],
  ] as const) {
    const [, again] = chain.filter(({ condition }) => condition[name] !== undefined)
    if (again === undefined) continue
    refuse(`${again.path}.${element}`, `${element} may be named once along the provisions that lead to a denial`)
  }
}

const common = <T>(first: readonly T[] | undefined, second: readonly T[] | undefined) =>
  first === undefined || second === undefined ? (first ?? second) : first.filter((one) => second.includes(one))

function both(outer: Condition, inner: Condition): Condition {
  const from = Math.max(outer.fromMs ?? Number.NEGATIVE_INFINITY, inner.fromMs ?? Number.NEGATIVE_INFINITY)
  const until = Math.min(outer.untilMs ?? Number.POSITIVE_INFINITY, inner.untilMs ?? Number.POSITIVE_INFINITY)
  const joined = {
    identities: outer.identities ?? inner.identities, // never both, see above
    purposes: common(outer.purposes, inner.purposes),
    types: common(outer.types, inner.types),
    records: common(outer.records, inner.records),
    labels: outer.labels ?? inner.labels,
    fromMs: Number.isFinite(from) ? from : undefined,
    untilMs: Number.isFinite(until) ? until : undefined,
  }
  return Object.fromEntries(Object.entries(joined).filter(([, value]) => value !== undefined))
}
