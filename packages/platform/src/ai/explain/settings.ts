// Settings of the explain service.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set. */
export const explainSettings = {
  batchRows: {
    env: 'EXPLAIN_BATCH_ROWS',
    kind: 'integer',
    fallback: 512,
    min: 1,
    max: 8192,
    about: 'Most rows in one request to a model that is explained; fewer are sent where the model takes fewer',
  },
  directEvaluations: {
    env: 'EXPLAIN_DIRECT_EVALUATIONS',
    kind: 'integer',
    fallback: 200_000,
    min: 0,
    max: 10_000_000,
    about: 'Explanations that need more predictions than this become jobs',
    isLive: true,
  },
  maxEvaluations: {
    env: 'EXPLAIN_MAX_EVALUATIONS',
    kind: 'integer',
    fallback: 20_000_000,
    min: 1000,
    max: 1_000_000_000,
    about: 'Most predictions of one explanation; more are refused',
    isLive: true,
  },
  keepJobsDays: {
    env: 'EXPLAIN_KEEP_JOBS_DAYS',
    kind: 'integer',
    fallback: 7,
    min: 1,
    max: 3650,
    about: 'Days that finished explanation jobs are kept, rows and results included',
  },
  riskModel: {
    env: 'EXPLAIN_RISK_MODEL',
    kind: 'text',
    fallback: 'icu_mortality_lstm',
    about: 'Served model that estimates the risk of death in hospital from 48 hours of measurements',
    isLive: true,
  },
  referenceStays: {
    env: 'EXPLAIN_REFERENCE_STAYS',
    kind: 'integer',
    fallback: 16,
    min: 4,
    max: 400,
    about: 'Synthetic stays that a risk is compared with; more make it steadier and slower',
    isLive: true,
  },
} as const satisfies SettingSpecs
