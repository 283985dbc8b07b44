// The door to reading lung nodules: the model's input, the lungs, candidates, their measures, and the segmentation object. Pure.
export { type Candidate, type CandidateRules, candidateRules, findCandidates } from './candidates.ts'
export { findLungs, type LungMask } from './lung-mask.ts'
export { type Density, type MeasuredNodule, measureNodules } from './measure.ts'
export { anchoredHu, modelInputOf, modelRangeHu } from './normalise.ts'
export {
  type SegmentationIdentity,
  type SegmentedNodule,
  type SourceSeries,
  writeSegmentation,
} from './segmentation.ts'
export { modelSize, ontoModel, ontoSlice, type SliceFit, sliceFit } from './slice-fit.ts'
export { type CtVolume, placeMm, type VolumeGrid, voxelMm3 } from './volume.ts'
