// Which instances a fault meets (pure, but for the draw that is given).
import { AppError } from '@xinglin/core/errors'
import type { Choice, Mode } from '../definitions/experiment.ts'
import type { FieldInstance } from './field.ts'

function countOf(mode: Mode, available: number, random: () => number): number {
  switch (mode.kind) {
    case 'one':
      return 1
    case 'all':
      return available
    case 'fixed':
      return mode.count
    case 'share':
      return Math.floor(available * mode.share)
    case 'random':
      return Math.floor(random() * (Math.floor(available * mode.share) + 1))
    default:
      return mode satisfies never
  }
}

/** Chooses; `random` gives 0 to 1. @throws AppError 'not-found' when no instance has the labels */
export function chooseInstances(
  { services, mode }: Choice,
  instances: readonly FieldInstance[],
  random: () => number,
): readonly FieldInstance[] {
  const meant = instances.filter(({ service }) => services.includes('*') || services.includes(service))
  if (meant.length === 0) {
    const known = [...new Set(instances.map(({ service }) => service))].sort().join(', ')
    throw new AppError('not-found', `No instance of ${services.join(', ')} runs here; there are ${known}`)
  }
  const drawn = meant
    .map((instance) => ({ instance, at: random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ instance }) => instance)
  return drawn.slice(0, countOf(mode, meant.length, random))
}
