// The door to the explained in-hospital risk: a record's measurements as a tensor, the reference group, and the sentences.
export { type Evidence, latestOf, type ObservedStay, observeStay } from './observed-stay.ts'
export { referenceStays } from './reference-group.ts'
export { type BothLanguages, type ExplainedRisk, percentText, riskLimits, riskSentence } from './risk-sentence.ts'
export { icuStayBundle, type StayOptions } from './stay-bundle.ts'
export { loincSystem, measuredText, ucumSystem, type Vital, vitals } from './vitals.ts'
