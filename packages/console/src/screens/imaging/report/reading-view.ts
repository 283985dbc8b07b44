// What the report panel shows, worked out from a reading (pure).
import type { Nodule, Reading } from './reading-api.ts'

/** Why a draft cannot be signed yet; undefined when it can. */
export type SignObstacle = 'not-radiologist' | 'open-nodules'

/** What stands in the way of a signature. */
export function signObstacle(reading: Reading, roles: readonly string[]): SignObstacle | undefined {
  if (!roles.includes('radiologist')) return 'not-radiologist'
  return (reading.nodules ?? []).some(({ decision }) => decision === 'open') ? 'open-nodules' : undefined
}

/** How many nodules have which decision. */
export function countDecisions(nodules: readonly Nodule[]): Readonly<Record<Nodule['decision'], number>> {
  const count = (wanted: Nodule['decision']): number => nodules.filter(({ decision }) => decision === wanted).length
  return { open: count('open'), accepted: count('accepted'), rejected: count('rejected') }
}

/** Says whether the server still works on it. */
export function isUnderWay({ state }: Pick<Reading, 'state'>): boolean {
  return state === 'queued' || state === 'running'
}

/** Share of the step that is done, 0 to 1. */
export function progressShare({ progress }: Pick<Reading, 'progress'>): number {
  return progress.total === 0 ? 0 : Math.min(1, progress.done / progress.total)
}
