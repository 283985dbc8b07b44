// The value of an observation with its flag; a panel shows its parts, blood pressure as one.
import type { Observation, ObservedValue } from '../../api/fhir.ts'
import { flagOf, numberText, unitText, valueWords } from '../../clinical/values.ts'
import { Concept } from '../../components/Concept.tsx'
import { Flag } from '../../components/Flag.tsx'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import { sectionsText } from './sections-text.ts'
import styles from './Value.module.css'

const systolic = '8480-6'
const diastolic = '8462-4'

function partOf(parts: readonly ObservedValue[], loinc: string): ObservedValue | undefined {
  return parts.find(({ code }) => code?.coding?.some((coding) => coding.code === loinc) === true)
}

function Single({ observed }: { readonly observed: ObservedValue }) {
  const { language } = useLanguage()
  const text = useText(sectionsText)
  const words = valueWords(observed, language)
  const flag = flagOf(observed)
  if (words === undefined) return '–'
  return (
    <span className={styles.value}>
      {words.kind === 'text' ? words.text : <Concept concept={words.concept} />}
      <Flag flag={flag} words={flag === undefined ? '' : text[`flag.${flag}`]} />
    </span>
  )
}

/** The value. */
export function Value({ observation }: { readonly observation: Observation }) {
  const { language } = useLanguage()
  const parts = observation.component ?? []
  const upper = partOf(parts, systolic)?.valueQuantity
  const lower = partOf(parts, diastolic)?.valueQuantity
  if (upper?.value !== undefined && lower?.value !== undefined) {
    return (
      <span className={styles.value}>
        {`${numberText(upper.value)}/${numberText(lower.value)} ${unitText(upper, language)}`}
      </span>
    )
  }
  if (parts.length === 0) return <Single observed={observation} />
  return (
    <span className={styles.parts}>
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of a stored record have no id and do not move
        <span key={index}>
          <Concept concept={part.code} /> <Single observed={part} />
        </span>
      ))}
    </span>
  )
}
