// Ways to form groups of features: each on its own, one channel over all hours, or spans of time.
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

/** One group per span of `width` steps of a `[steps, channels]` row, and per channel when `names` has any. */
export function spanGroups(
  shape: { readonly steps: number; readonly channels: number },
  width: number,
  names: readonly string[] = [],
): readonly FeatureGroup[] {
  const { steps, channels } = shape
  const spans = Array.from({ length: Math.ceil(steps / width) }, (_, span) => span * width)
  const cells = (from: number, of: readonly number[]): readonly number[] =>
    Array.from({ length: Math.min(width, steps - from) }, (_, step) =>
      of.map((channel) => (from + step) * channels + channel),
    ).flat()
  const every = Array.from({ length: channels }, (_, channel) => channel)
  return spans.flatMap((from) => {
    const label = `${from}–${Math.min(from + width, steps)}`
    return names.length === 0
      ? [{ name: label, features: cells(from, every) }]
      : names.map((name, channel) => ({ name: `${name} ${label}`, features: cells(from, [channel]) }))
  })
}
