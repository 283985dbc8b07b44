// Ways to form groups of features: each on its own, or one channel over all hours.
import type { FeatureGroup } from './game.ts'

/** Each feature on its own. */
export function singletons(names: readonly string[]): readonly FeatureGroup[] {
  return names.map((name, feature) => ({ name, features: [feature] }))
}

/** One group per channel of a `[steps, channels]` row: the channel over all steps. */
export function channelGroups(names: readonly string[], steps: number): readonly FeatureGroup[] {
  return names.map((name, channel) => ({
    name,
    features: Array.from({ length: steps }, (_, step) => step * names.length + channel),
  }))
}
