// For tests: a refused resource beside its accepted neighbour, and how errors are shown.
import type { Resource } from '../../types.ts'
import { validateResource } from '../index.ts'

/** What is refused, the resource that is, its one error as {@link errorsOf} shows it, and a similar one that is fine. */
export type Example = readonly [what: string, refused: Resource, error: string, accepted: Resource]

/** The errors of a resource, as `rule expression`. */
export function errorsOf(resource: unknown): readonly string[] {
  return validateResource(resource as Resource)
    .filter(({ severity }) => severity === 'error')
    .map(({ rule, expression }) => `${rule} ${expression}`)
}
