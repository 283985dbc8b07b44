// The door to the ICU mortality model: synthetic stays, what it reads, the model itself, and a hospital's part in training it.
export { type CaseMix, caseMixes, drawIcuCohort, type IcuCohort } from './cohort.ts'
export { type IcuFeature, icuFeatures, stayBins, stayHours } from './features.ts'
export { prepareStays, transformStays } from './inputs.ts'
export { icuModel, icuServedGraph, initialIcuWeights } from './model.ts'
export { icuModelConfig } from './served.ts'
export {
  createIcuSite,
  type IcuSite,
  type IcuSiteOptions,
  type LocalTraining,
  predictRisks,
  splitStays,
} from './site.ts'
