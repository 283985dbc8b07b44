// A coded concept in the reader's language; the record's own words are marked with their language.
import type { CodeableConcept } from '../api/fhir.ts'
import { wordsOf } from '../clinical/concepts.ts'
import { useLanguage } from '../language/LanguageProvider.tsx'

interface ConceptProps {
  readonly concept: CodeableConcept | undefined
  /** Shown when the concept says nothing. */
  readonly otherwise?: string
}

/** Shows a concept. */
export function Concept({ concept, otherwise = '–' }: ConceptProps) {
  const { language } = useLanguage()
  const words = wordsOf(concept, language)
  if (words === undefined) return otherwise
  if (words.otherLanguage === undefined) return words.text
  return <span lang={words.otherLanguage === 'zh' ? 'zh-CN' : 'en'}>{words.text}</span>
}
