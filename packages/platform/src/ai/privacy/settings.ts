// The privacy service's settings.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set at the privacy service. */
export const privacySettings = {
  maxContextBytes: {
    env: 'PRIVATE_MAX_CONTEXT_BYTES',
    kind: 'integer',
    fallback: 50_331_648,
    min: 65_536,
    max: 268_435_456,
    about: 'Largest context with evaluation keys that is taken for encrypted computation',
  },
  maxVectorBytes: {
    env: 'PRIVATE_MAX_VECTOR_BYTES',
    kind: 'integer',
    fallback: 4_194_304,
    min: 65_536,
    max: 67_108_864,
    about: 'Largest encrypted vector that is taken',
  },
  maxStoredMb: {
    env: 'PRIVATE_MAX_STORED_MB',
    kind: 'integer',
    fallback: 4096,
    min: 1,
    max: 1_048_576,
    about: 'Megabytes of contexts and encrypted vectors that one caller may have stored',
    isLive: true,
  },
  keepDays: {
    env: 'PRIVATE_KEEP_DAYS',
    kind: 'integer',
    fallback: 30,
    min: 1,
    max: 3650,
    about: 'Days after which encrypted vectors and results are removed',
    isLive: true,
  },
  memoryMb: {
    env: 'PRIVATE_MEMORY_MB',
    kind: 'integer',
    fallback: 1024,
    min: 256,
    max: 65_536,
    about: 'Memory at which the process that computes on ciphertexts is ended',
  },
  computeSeconds: {
    env: 'PRIVATE_COMPUTE_SECONDS',
    kind: 'integer',
    fallback: 300,
    min: 1,
    max: 86_400,
    about: 'Longest encrypted computation',
  },
} as const satisfies SettingSpecs
