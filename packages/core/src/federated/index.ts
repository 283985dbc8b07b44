// The door to federated learning's pure rules: weights and their files, strategies, pooled statistics, metrics, ICU stays.
// What trains the ICU model stands behind a door of its own (`icu/`), so that a server does not load the learning part.
export { type CaseMix, caseMixes, drawIcuCohort, type IcuCohort } from './icu/cohort.ts'
export { type IcuFeature, icuFeatures, stayBins, stayHours } from './icu/features.ts'
export { isBetter, pooledEvaluation, type SiteEvaluation } from './metrics.ts'
export { decodeNpy, encodeNpy } from './npy.ts'
export { type FeatureSums, poolStatistics, type Standardisation, sumFeatures } from './pooled-statistics.ts'
export { type RocArea, rocArea } from './roc.ts'
export {
  type Aggregated,
  type Aggregation,
  aggregate,
  type Moments,
  type SiteUpdate,
  type Strategy,
  siteConfiguration,
} from './strategies.ts'
export {
  type ArrayData,
  type ArrayType,
  asFloat64,
  checkUpdate,
  elementCount,
  emptyData,
  fromFloat64,
  type WeightArray,
  type Weights,
} from './weights.ts'
