// Names as their owners write them: Chinese names without a space, family first; others given names first (pure).
import type { HumanName } from '../api/fhir.ts'
import type { Language } from '../language/fill.ts'

const han = /\p{Script=Han}/u
const useOrder = ['official', 'usual', 'nickname', undefined, 'maiden', 'anonymous', 'temp', 'old']

function written(name: HumanName): string {
  const given = (name.given ?? []).filter((part) => part !== '')
  const parts = [name.family ?? '', ...given].join('')
  if (han.test(parts)) return parts
  if (name.text !== undefined && name.text.trim() !== '') return name.text.trim()
  return [...(name.prefix ?? []), ...given, name.family ?? ''].filter((part) => part !== '').join(' ')
}

/** The name to call a person by, or undefined when none is recorded; official names before others, old ones last. */
export function nameOf(names: readonly HumanName[] | undefined): string | undefined {
  const ranked = (names ?? [])
    .map((name) => ({ text: written(name), rank: useOrder.indexOf(name.use) }))
    .filter(({ text }) => text !== '')
    .sort((a, b) => a.rank - b.rank)
  return ranked[0]?.text
}

/** The other names that are recorded, each once. */
export function otherNamesOf(names: readonly HumanName[] | undefined): readonly string[] {
  const main = nameOf(names)
  return [...new Set((names ?? []).map(written))].filter((text) => text !== '' && text !== main)
}

/** The part of a name such as `Dr Chen Wei 陈伟` that a reader of the language writes; the whole where there is only one. */
export function nameFor(language: Language, name: string): string {
  const chinese = name
    .split(/\s+/)
    .filter((part) => han.test(part))
    .join('')
  const latin = name
    .split(/\s+/)
    .filter((part) => !han.test(part))
    .join(' ')
  if (chinese === '' || latin === '') return name
  return language === 'zh' ? chinese : latin
}
