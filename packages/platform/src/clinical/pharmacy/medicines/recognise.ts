// Which active substances a coded or written medicine contains: by RxNorm and ATC code, else by the names in its texts.
import { entriesOf, type Fields, fieldsOf } from '../elements.ts'
import { type Medicines, plainWords } from './medicines.ts'

const rxnormSystem = 'http://www.nlm.nih.gov/research/umls/rxnorm'
const atcSystem = 'http://www.whocc.no/atc'
// In "losartan potassium" the potassium is a salt; at the start of an ingredient it is the medicine.
const salts: ReadonlySet<string> = new Set(['potassium', 'sodium', 'calcium', 'magnesium', 'zinc', 'iron', 'aluminum'])

const codingsOf = (concept: unknown): readonly Fields[] => entriesOf(fieldsOf(concept).coding)

/** The texts of a CodeableConcept: its own and those of its codings. */
export function textsOf(concept: unknown): readonly string[] {
  const texts = [fieldsOf(concept).text, ...codingsOf(concept).map(({ display }) => display)]
  return [...new Set(texts.filter((text): text is string => typeof text === 'string' && text !== ''))]
}

function byCode(medicines: Medicines, concept: unknown): readonly string[] {
  return codingsOf(concept).flatMap(({ system, code }) => {
    if (typeof code !== 'string') return []
    if (system === rxnormSystem) return medicines.byRxnorm.get(code) ?? []
    return system === atcSystem ? (medicines.byAtc.get(code.toUpperCase()) ?? []) : []
  })
}

function byWords(medicines: Medicines, text: string): readonly string[] {
  const found: string[] = []
  for (const ingredient of text.split(/\s+\/\s+|[+,;，；、]/)) {
    const words = plainWords(ingredient).split(' ')
    const line = ` ${words.join(' ')} `
    // Doses and packs may stand before the name: "120 ACTUAT Fluticasone …".
    const first = words.find((word) => /^\p{L}{4,}$/u.test(word) && word !== 'actuat')
    for (const word of new Set(words)) {
      if (salts.has(word) && word !== first) continue
      const hit = (medicines.byFirstWord.get(word) ?? []).find((one) => line.includes(` ${one.words} `))
      if (hit !== undefined) found.push(hit.drug)
    }
    for (const { words: name, drug } of medicines.byFirstWord.get('') ?? []) if (line.includes(name)) found.push(drug)
  }
  return found
}

function recognise(medicines: Medicines, concept: unknown): readonly string[] {
  const coded = byCode(medicines, concept)
  const named = textsOf(concept).flatMap((text) => byWords(medicines, text))
  return [...new Set([...coded, ...named])]
}

/** The ids of the substances in a medicine given as CodeableConcept; empty when none is known. */
export function substancesOf(medicines: Medicines, concept: unknown): readonly string[] {
  if (typeof concept !== 'object' || concept === null) return []
  const known = medicines.recognised.get(concept)
  if (known !== undefined) return known
  const found = recognise(medicines, concept)
  medicines.recognised.set(concept, found)
  return found
}
