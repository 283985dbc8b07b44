// The door to SEAL: arithmetic on encrypted vectors in a supervised process without keys, and SEAL itself for key owners.
export { inflate, packingFor } from './compression.ts'
export { openSeal } from './open-seal.ts'
export { createSealEngine, type SealEngine, type SealEngineOptions } from './seal-engine.ts'
