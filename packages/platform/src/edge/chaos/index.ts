// The door to chaos: experiments in Chaos Mesh's words, made on real processes through fault proxies, and what came of them.
import type { Service } from '../../kernel/service.ts'
import { type ChaosExtra, createChaos } from './chaos.ts'
import { chaosSettings } from './settings.ts'

export type { ChaosExtra } from './chaos.ts'
export type { Experiment, TrafficFault } from './definitions/experiment.ts'
export { readExperiments } from './definitions/read.ts'
export { type Guard, startGuard } from './guard/guard.ts'
export { rescue } from './guard/journal.ts'
export { createPathway, type Pathway } from './load/pathway.ts'
export { registeredInstances } from './registrations/registrations.ts'
export type { Field, FieldInstance, TrafficOrder } from './run/field.ts'
export { type ExperimentReport, reportLines } from './run/report.ts'
export { runExperiment } from './run/run.ts'
export { keepReport } from './store/experiments.ts'

/** Chaos as the composition root sees it. */
export const chaos = {
  name: 'chaos',
  purpose: 'Shows the map of the house and what holds under faults; runs experiments in the words of Chaos Mesh',
  paths: ['/chaos'],
  settings: chaosSettings,
  sql: { schema: 'chaos', folder: new URL('./sql/', import.meta.url) },
  create: createChaos,
} as const satisfies Service<typeof chaosSettings, ChaosExtra>
