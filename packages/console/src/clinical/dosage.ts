// How a medicine is taken, in the reader's language, from the structured dosage (pure).
import type { MedicationRequest } from '../api/fhir.ts'
import { fill, type Language } from '../language/fill.ts'
import { quantityText } from './values.ts'

type Dosage = NonNullable<MedicationRequest['dosageInstruction']>[number]

/** How to take it: our own words from structured parts, or the record's own text in its own language. */
export type DosageWords =
  | { readonly kind: 'structured'; readonly text: string }
  | { readonly kind: 'recorded'; readonly text: string }

const phrases = {
  en: {
    dose: '{dose}',
    each: '{count}× every {period} {unit}',
    single: '{count}× a {unit}',
    asNeeded: 'as needed',
    join: ', ',
    units: { h: 'hours', d: 'days', wk: 'weeks', mo: 'months' },
    singles: { h: 'hour', d: 'day', wk: 'week', mo: 'month' },
  },
  zh: {
    dose: '每次{dose}',
    each: '每{period}{unit}{count}次',
    single: '每{unit}{count}次',
    asNeeded: '必要时',
    join: '，',
    units: { h: '小时', d: '日', wk: '周', mo: '个月' },
    singles: { h: '小时', d: '日', wk: '周', mo: '月' },
  },
} as const

type Unit = keyof typeof phrases.en.units

const isUnit = (unit: string | undefined): unit is Unit => unit !== undefined && unit in phrases.en.units

function howOften({ timing }: Dosage, language: Language): string | undefined {
  const { frequency, period, periodUnit } = timing?.repeat ?? {}
  if (frequency === undefined || period === undefined || !isUnit(periodUnit)) return undefined
  const words = phrases[language]
  if (period === 1) return fill(words.single, { count: frequency, unit: words.singles[periodUnit] })
  return fill(words.each, { count: frequency, period, unit: words.units[periodUnit] })
}

/** The words for one dosage; undefined when it says nothing. */
export function dosageWords(dosage: Dosage | undefined, language: Language): DosageWords | undefined {
  if (dosage === undefined) return undefined
  const words = phrases[language]
  const dose = quantityText(dosage.doseAndRate?.[0]?.doseQuantity, language)
  const often = howOften(dosage, language)
  if (often !== undefined) {
    const parts = [
      dose === undefined ? undefined : fill(words.dose, { dose }),
      often,
      dosage.asNeededBoolean === true ? words.asNeeded : undefined,
    ]
    return { kind: 'structured', text: parts.filter((part) => part !== undefined).join(words.join) }
  }
  const recorded = dosage.text ?? dose
  return recorded === undefined || recorded === '' ? undefined : { kind: 'recorded', text: recorded }
}
