// Hands the best model of a federation to the model registry.
import type { CallService } from '../../kernel/ports.ts'
import type { Publish } from './run-context.ts'

/** Publishes through the inference service. */
export function publisherOf(_call: CallService): Publish {
  return async () => ({ reason: 'the model registry is not there' })
}
