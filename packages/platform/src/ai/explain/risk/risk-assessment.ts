// An explained estimate as a FHIR RiskAssessment: the sentence, the shares with their evidence, and the limits (pure).
import {
  type BothLanguages,
  latestOf,
  type ObservedStay,
  riskLimits,
  riskSentence,
  ucumSystem,
  vitals,
} from '@xinglin/core/explain/icu'
import type { Resource } from '@xinglin/core/fhir'
import type { Estimate } from './estimate.ts'
import type { Subject } from './record.ts'

/** What an assessment is made of. */
export interface AssessmentParts {
  readonly subject: Subject
  readonly stay: ObservedStay
  readonly estimate: Estimate
}

const extensionOf = (name: string, value: object) => ({ url: `urn:xinglin:explain:${name}`, ...value })
// FHIR decimals keep what is written: seven digits are more than the model knows.
const decimal = (value: number): number => Number(value.toFixed(7))
const instant = (ms: number): string => new Date(ms).toISOString()

/** The sentences of an estimate. */
export function sentenceOf({ stay, estimate }: Omit<AssessmentParts, 'subject'>): BothLanguages {
  const latest = latestOf(stay).map((one) => one?.value)
  return riskSentence({ ...estimate, latest })
}

/** The limits of an estimate. */
export function limitsOf(stay: ObservedStay): readonly BothLanguages[] {
  const measured = latestOf(stay).filter((one) => one !== undefined).length
  return riskLimits({ vitals: measured, cells: stay.evidence.length })
}

function contributionExtensions({ stay, estimate }: AssessmentParts) {
  const latest = latestOf(stay)
  return vitals.map(({ name, unit }, at) => {
    const newest = latest[at]
    const evidence =
      newest === undefined
        ? []
        : [
            extensionOf('latest', {
              valueQuantity: { value: decimal(newest.value), unit, system: ucumSystem, code: unit },
            }),
            extensionOf('evidence', { valueReference: { reference: newest.reference } }),
          ]
    return extensionOf('contribution', {
      extension: [
        extensionOf('vital', { valueCode: name }),
        extensionOf('share', { valueDecimal: decimal(estimate.contributions[at] ?? 0) }),
        ...evidence,
      ],
    })
  })
}

/**
 * Makes the RiskAssessment: `preliminary`, because no clinician has judged it. The probability is in percent, as R4 asks;
 * the shares in the extensions are probabilities, which add up to it from the reference group's.
 */
export function riskAssessmentOf(parts: AssessmentParts): Resource {
  const { subject, stay, estimate } = parts
  const { name, version } = estimate.model
  const sentence = sentenceOf(parts)
  const references = [...new Set(stay.evidence.map(({ reference }) => reference))]
  return {
    resourceType: 'RiskAssessment',
    status: 'preliminary',
    method: {
      coding: [{ system: 'urn:xinglin:model', code: name, ...(version === undefined ? {} : { version }) }],
      text: `${name}, explained by ${estimate.method} Shapley values over ${vitals.length} measurements`,
    },
    code: { text: 'Risk of death in hospital / 院内死亡风险' },
    subject: { reference: subject.patient },
    ...(subject.encounter === undefined ? {} : { encounter: { reference: subject.encounter } }),
    occurrencePeriod: { start: instant(stay.startMs), end: instant(stay.endMs) },
    basis: references.map((reference) => ({ reference })),
    prediction: [
      {
        extension: [
          extensionOf('reference-group', { valueDecimal: decimal(estimate.base) }),
          ...contributionExtensions(parts),
        ],
        outcome: {
          coding: [{ system: 'http://snomed.info/sct', code: '419099009', display: 'Dead' }],
          text: 'Death in hospital',
        },
        probabilityDecimal: decimal(estimate.risk * 100),
        rationale: sentence.en,
      },
    ],
    note: [sentence, ...limitsOf(stay)].flatMap(({ en, zh }) => [{ text: en }, { text: zh }]),
  }
}
