// The door to the chest phantom: seeded CT series with nodules of known truth, for tests, demo and benches.
export { type ChestPhantom, createChestPhantom, type PhantomOptions } from './chest-phantom.ts'
export {
  type PhantomFile,
  type PhantomIdentity,
  type PhantomUids,
  phantomFile,
  phantomFiles,
  phantomUids,
} from './ct-files.ts'
export { drawDiameterMm } from './nodules.ts'
export type { NoduleRequest, NoduleTexture, PhantomGrid, PhantomNodule, PointMm } from './types.ts'
