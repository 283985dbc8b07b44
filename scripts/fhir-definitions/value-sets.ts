// Expands the value sets of required bindings into plain lists of codes, where the definitions allow it.

interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
}

interface Include {
  readonly system?: string
  readonly concept?: readonly Concept[]
  readonly filter?: readonly unknown[]
  readonly valueSet?: readonly string[]
}

/** A CodeSystem or ValueSet, in the parts that the generator reads. */
export interface TerminologyResource {
  readonly resourceType: string
  readonly url: string
  readonly content?: string
  readonly concept?: readonly Concept[]
  readonly compose?: { readonly include: readonly Include[]; readonly exclude?: readonly unknown[] }
}

/** System → codes. */
export type ExpandedValueSet = Readonly<Record<string, readonly string[]>>

const codesOf = (concepts: readonly Concept[]): readonly string[] =>
  concepts.flatMap((concept) => [concept.code, ...codesOf(concept.concept ?? [])])

interface Terminology {
  readonly valueSets: ReadonlyMap<string, TerminologyResource>
  readonly codeSystems: ReadonlyMap<string, TerminologyResource>
}

/** Undefined when the codes are not all known: a filter, an outside code system, an exclusion. */
function expand(url: string, terminology: Terminology): ExpandedValueSet | undefined {
  const compose = terminology.valueSets.get(url)?.compose
  if (compose === undefined || compose.exclude !== undefined) return undefined
  const result: Record<string, string[]> = {}
  for (const include of compose.include) {
    if (include.filter !== undefined) return undefined
    if (include.system !== undefined && include.valueSet === undefined) {
      const system = terminology.codeSystems.get(include.system)
      const concepts = include.concept ?? (system?.content === 'complete' ? system.concept : undefined)
      if (concepts === undefined) return undefined
      result[include.system] = [...(result[include.system] ?? []), ...codesOf(concepts)]
      continue
    }
    if (include.system !== undefined || include.valueSet?.length !== 1) return undefined
    const nested = expand(include.valueSet[0]?.split('|')[0] ?? '', terminology)
    if (nested === undefined) return undefined
    for (const [system, codes] of Object.entries(nested)) result[system] = [...(result[system] ?? []), ...codes]
  }
  return result
}

/** Expands each of the value sets that can be enumerated; the others are left out. */
export function expandValueSets(
  terminology: readonly TerminologyResource[],
  urls: readonly string[],
): Readonly<Record<string, ExpandedValueSet>> {
  const pick = (type: string): ReadonlyMap<string, TerminologyResource> =>
    new Map(terminology.filter((each) => each.resourceType === type).map((each) => [each.url, each]))
  const known = { valueSets: pick('ValueSet'), codeSystems: pick('CodeSystem') }
  const expanded: Record<string, ExpandedValueSet> = {}
  for (const url of urls) {
    const codes = expand(url, known)
    if (codes === undefined) console.log(`not enumerable: ${url}`)
    else
      expanded[url] = Object.fromEntries(
        Object.entries(codes).map(([system, list]) => [system, [...new Set(list)].sort()]),
      )
  }
  return expanded
}
