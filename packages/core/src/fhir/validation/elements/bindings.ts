// Required bindings: a code must come from its value set, as far as the value set can be listed.
import { valueSetOf } from '../definitions.ts'
import { isNode, type Node, quote, textOf, type Walk } from '../walk.ts'

/** Checks a value that has the right structure already. */
export type BindingCheck = (value: unknown, walk: Walk) => void

// Value sets that are grammars or registries: http://hl7.org/fhir/R4/terminologies-valuesets.html
const grammars: ReadonlyMap<string, readonly [RegExp, string]> = new Map([
  [
    'http://hl7.org/fhir/ValueSet/mimetypes',
    [
      /^[a-z0-9!#$&^_.+-]+(?:\/[a-z0-9!#$&^_.+*-]+)?(?:\s*;\s*[a-z0-9!#$&^_.+-]+=(?:"[^"]*"|[^\s;"]+))*;?$/i,
      'a MIME type such as application/pdf',
    ],
  ],
  [
    'http://hl7.org/fhir/ValueSet/all-languages',
    [/^[a-z]{1,8}(?:-[a-z0-9]{1,8})*$/i, 'a language tag of BCP 47 such as zh-CN'],
  ],
  ['http://hl7.org/fhir/ValueSet/currencies', [/^[A-Z]{3}$/, 'an ISO 4217 currency such as CNY']],
])

const mostShown = 12

function shown(codes: readonly string[]): string {
  const listed = codes.slice(0, mostShown).join(', ')
  return codes.length > mostShown ? `${listed}, …` : listed
}

function codeCheck(url: string): BindingCheck | undefined {
  const grammar = grammars.get(url)
  if (grammar !== undefined) {
    return (value, walk) => {
      if (typeof value !== 'string' || grammar[0].test(value)) return
      walk.error('code-invalid', 'binding.required', `${quote(value)} is not ${grammar[1]}.`)
    }
  }
  const systems = valueSetOf(url)
  if (systems === undefined) return undefined
  const codes = [...new Set(Object.values(systems).flat())]
  const allowed: ReadonlySet<unknown> = new Set(codes)
  return (value, walk) => {
    if (typeof value !== 'string' || allowed.has(value)) return
    walk.error(
      'code-invalid',
      'binding.required',
      `The code ${quote(value)} is not in ${url}; use one of: ${shown(codes)}.`,
    )
  }
}

function codingCheck(url: string): BindingCheck | undefined {
  const systems = valueSetOf(url)
  if (systems === undefined) return undefined
  const allowed = new Set(
    Object.entries(systems).flatMap(([system, codes]) => codes.map((code) => `${system}|${code}`)),
  )
  const names = Object.values(systems).flat()
  const hint = `use a coding of ${Object.keys(systems).join(' or ')} with one of: ${shown(names)}`
  const isAllowed = (coding: unknown): boolean =>
    isNode(coding) && allowed.has(`${textOf(coding.system)}|${textOf(coding.code)}`)
  return (value, walk) => {
    if (!isNode(value)) return
    const isConcept = Array.isArray(value.coding)
    if (isConcept ? (value.coding as readonly unknown[]).some(isAllowed) : isAllowed(value)) return
    if (isUnknownOnPurpose(value)) return
    walk.error('code-invalid', 'binding.required', `No coding is in the value set ${url}; ${hint}.`)
  }
}

/** An extension, such as data-absent-reason, in place of a coding says why there is none. */
function isUnknownOnPurpose(value: Node): boolean {
  return value.coding === undefined && value.code === undefined && value.extension !== undefined
}

/** Makes the check of a required binding for an element of the given type; undefined when it cannot be checked. */
export function bindingCheck(url: string, type: string): BindingCheck | undefined {
  return type === 'CodeableConcept' || type === 'Coding' ? codingCheck(url) : codeCheck(url)
}
