// Symptom names in English and Chinese to findings, and what may have been meant where a name is not known.
import type { Finding } from './facts.ts'

/** What a list of names means. */
export interface ReadNames {
  readonly findings: readonly Finding[]
  readonly unknown: readonly UnknownName[]
}

/** A name that no finding has, with the names that come nearest. */
export interface UnknownName {
  readonly name: string
  readonly suggestions: readonly string[]
}

/** Finds findings by name. */
export interface FindingNames {
  /** Reads names (or finding ids) of either language; case, width and spaces do not matter. */
  read(names: readonly string[]): ReadNames
  /** Findings whose names begin with, or contain, the text; symptoms first. */
  search(text: string, limit: number): readonly Finding[]
}

const maxSuggestions = 5
const leastLikeness = 0.3

const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s\-_,.;:!?。，；：！？]+/g, ' ')
    .trim()

function pairsOf(text: string): ReadonlySet<string> {
  const padded = ` ${text} `
  return new Set(Array.from({ length: padded.length - 1 }, (_, index) => padded.slice(index, index + 2)))
}

// Dice's coefficient over pairs of letters: forgiving of typing errors, and good enough for short Chinese words.
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((pair) => b.has(pair)).length
  return (2 * shared) / (a.size + b.size)
}

interface Named {
  readonly text: string
  readonly pairs: ReadonlySet<string>
  readonly finding: Finding
}

function namesOf(finding: Finding): readonly string[] {
  return [finding.name.en, finding.name.zh, finding.id, ...finding.synonyms]
}

function suggest(all: readonly Named[], text: string): readonly string[] {
  const pairs = pairsOf(text)
  const near = all
    .map(({ pairs: own, finding, text: known }) => ({
      finding,
      value: likeness(own, pairs) + (known.includes(text) || text.includes(known) ? 0.5 : 0),
    }))
    .filter(({ value }) => value >= leastLikeness)
    .toSorted((a, b) => b.value - a.value)
  return [...new Set(near.map(({ finding }) => finding.name.en))].slice(0, maxSuggestions)
}

/** Indexes the names of findings. */
export function indexNames(findings: readonly Finding[]): FindingNames {
  const all: readonly Named[] = findings.flatMap((finding) =>
    namesOf(finding).map((name) => ({ text: plain(name), pairs: pairsOf(plain(name)), finding })),
  )
  // The main names go before synonyms of others.
  const byText = new Map(all.toReversed().map(({ text, finding }) => [text, finding]))
  for (const finding of findings)
    for (const name of [finding.name.en, finding.name.zh]) byText.set(plain(name), finding)
  return {
    read(names) {
      const found = new Map<string, Finding>()
      const unknown: UnknownName[] = []
      for (const name of names) {
        const finding = byText.get(plain(name))
        if (finding === undefined) unknown.push({ name, suggestions: suggest(all, plain(name)) })
        else found.set(finding.id, finding)
      }
      return { findings: [...found.values()], unknown }
    },
    search(text, limit) {
      const wanted = plain(text)
      const matching = all.filter((one) => wanted === '' || one.text.includes(wanted))
      const place = ({ text: known, finding }: Named): number =>
        known.indexOf(wanted) + (finding.kind === 'symptom' ? 0 : 100)
      const ordered = matching.toSorted((a, b) => place(a) - place(b))
      return [...new Set(ordered.map(({ finding }) => finding))].slice(0, limit)
    },
  }
}
