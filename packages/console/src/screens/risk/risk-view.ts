// A stored RiskAssessment as the panel shows it: sentence, shares with their evidence, limits (pure).
import { vitals } from '@xinglin/core/explain/icu'
import type { Language } from '../../language/fill.ts'

/** The parts of an extension that are read. */
export interface Extension {
  readonly url?: string
  readonly extension?: readonly Extension[]
  readonly valueCode?: string
  readonly valueDecimal?: number
  readonly valueQuantity?: { readonly value?: number; readonly unit?: string }
  readonly valueReference?: { readonly reference?: string }
}

/** http://hl7.org/fhir/R4/riskassessment.html, in the parts that are read. */
export interface RiskAssessment {
  readonly resourceType: 'RiskAssessment'
  readonly id: string
  readonly meta?: { readonly lastUpdated?: string }
  readonly method?: { readonly coding?: readonly { readonly code?: string; readonly version?: string }[] }
  readonly occurrencePeriod?: { readonly start?: string; readonly end?: string }
  readonly basis?: readonly { readonly reference?: string }[]
  readonly prediction?: readonly {
    readonly probabilityDecimal?: number
    readonly rationale?: string
    readonly extension?: readonly Extension[]
  }[]
  readonly note?: readonly { readonly text?: string }[]
}

/** The part of one measurement. */
export interface RiskShare {
  readonly vital: string
  readonly en: string
  readonly zh: string
  /** Added to the probability, -1 … 1. */
  readonly share: number
  /** `Observation/{id}` of the newest value. */
  readonly evidence: string | undefined
  readonly value: number | undefined
}

/** What the panel shows. */
export interface RiskView {
  readonly sentence: string
  readonly limits: readonly string[]
  /** 0 … 1. */
  readonly risk: number
  readonly base: number
  readonly shares: readonly RiskShare[]
  readonly model: string
  readonly version: string
  readonly assessedAt: string | undefined
  readonly from: string | undefined
  readonly to: string | undefined
  readonly basisCount: number
}

const prefix = 'urn:xinglin:explain:'

function named(extensions: readonly Extension[] | undefined, name: string): Extension | undefined {
  return extensions?.find(({ url }) => url === `${prefix}${name}`)
}

function shareOf(one: Extension): readonly RiskShare[] {
  const vital = vitals.find(({ name }) => name === named(one.extension, 'vital')?.valueCode)
  const share = named(one.extension, 'share')?.valueDecimal
  if (vital === undefined || share === undefined) return []
  return [
    {
      ...{ vital: vital.name, en: vital.en, zh: vital.zh, share },
      evidence: named(one.extension, 'evidence')?.valueReference?.reference,
      value: named(one.extension, 'latest')?.valueQuantity?.value,
    },
  ]
}

/** Reads an assessment; undefined when it is not one that this service made. Notes come in pairs, English then Chinese. */
export function riskViewOf(assessment: RiskAssessment, language: Language): RiskView | undefined {
  const [prediction] = assessment.prediction ?? []
  const { extension, probabilityDecimal } = prediction ?? {}
  const base = named(extension, 'reference-group')?.valueDecimal
  if (probabilityDecimal === undefined || base === undefined) return undefined
  const notes = (assessment.note ?? []).filter((_, at) => at % 2 === (language === 'en' ? 0 : 1))
  const [sentence = '', ...limits] = notes.map(({ text = '' }) => text)
  const coding = assessment.method?.coding?.[0]
  return {
    ...{ sentence, limits, base },
    risk: probabilityDecimal / 100,
    shares: (extension ?? []).filter(({ url }) => url === `${prefix}contribution`).flatMap(shareOf),
    model: coding?.code ?? '–',
    version: coding?.version ?? '–',
    assessedAt: assessment.meta?.lastUpdated,
    from: assessment.occurrencePeriod?.start,
    to: assessment.occurrencePeriod?.end,
    basisCount: assessment.basis?.length ?? 0,
  }
}
