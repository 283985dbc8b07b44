// What a coded concept is called in the reader's language, and whether these are our words or the record's own (pure).
import type { CodeableConcept, Coding } from '../api/fhir.ts'
import type { Language } from '../language/fill.ts'
import { termOf } from './terms.ts'

/** A concept in words. */
export interface ConceptWords {
  readonly text: string
  /** Language of the text, when it is the record's own words and not the reader's language. */
  readonly otherLanguage: Language | undefined
}

const han = /\p{Script=Han}/u
// SNOMED CT's fully specified names end with a semantic tag that says nothing to a clinician.
const semanticTag =
  / \((?:disorder|finding|procedure|situation|observable entity|substance|product|event|morphologic abnormality)\)$/

const codingWords = (coding: Coding, language: Language): string | undefined =>
  termOf(coding.system, coding.code)?.[language]

/** The words for a concept, or undefined when it has none at all. */
export function wordsOf(concept: CodeableConcept | undefined, language: Language): ConceptWords | undefined {
  if (concept === undefined) return undefined
  const codings = concept.coding ?? []
  const known = codings.map((coding) => codingWords(coding, language)).find((text) => text !== undefined)
  if (known !== undefined) return { text: known, otherLanguage: undefined }
  const recorded = [concept.text, ...codings.map(({ display }) => display), codings[0]?.code].find(
    (text) => text !== undefined && text !== '',
  )
  if (recorded === undefined) return undefined
  const text = recorded.replace(semanticTag, '')
  const spoken = han.test(text) ? 'zh' : 'en'
  return { text, otherLanguage: spoken === language ? undefined : spoken }
}

/** The first code of a concept, with the given system where one is asked for. */
export function codeOf(concept: CodeableConcept | undefined, system?: string): string | undefined {
  return concept?.coding?.find((coding) => system === undefined || coding.system === system)?.code
}
