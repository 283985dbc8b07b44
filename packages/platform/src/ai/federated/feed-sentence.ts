// What happened, as one English sentence for the command line and the log of a federation; the console has its own words.
import type { StoredEvent } from './federation.ts'

type Detail = Readonly<Record<string, string | number>>

const three = (value: string | number | undefined): string =>
  typeof value === 'number' ? value.toFixed(3) : String(value)

function evaluation(detail: Detail): string {
  const metrics = Object.entries(detail).map(([name, value]) => `${name} ${three(value)}`)
  return metrics.length === 0 ? 'no site evaluated' : metrics.join(' · ')
}

/** The sentence. */
export function sentenceOf({ kind, round, site, detail = {} }: Omit<StoredEvent, 'id' | 'at'>): string {
  switch (kind) {
    case 'started':
      return `Started: ${detail.rounds} rounds of ${detail.strategy}`
    case 'resumed':
      return round === undefined ? 'Resumed before the first round' : `Resumed at round ${round}`
    case 'site-joined':
      return `${site} joined`
    case 'site-left':
      return `${site} left`
    case 'waiting':
      return `Waiting for sites: ${detail.connected} of ${detail.wanted} are here`
    case 'standardised':
      return `Mean and deviation of ${detail.features} features pooled over ${detail.sites} sites`
    case 'round-opened':
      return `Round ${round} opened for ${detail.asked} sites`
    case 'site-returned':
      return `${site} returned ${detail.examples} examples in ${three(detail.seconds)} s (${detail.bytes} bytes)`
    case 'site-dropped':
      return `${site} dropped out of round ${round}: ${detail.reason}`
    case 'round-short':
      return `Round ${round} is short: ${detail.returned} of ${detail.wanted} sites returned; it is tried again`
    case 'aggregated':
      return `Round ${round} aggregated · ${detail.returned} of ${detail.asked} sites returned`
    case 'evaluated':
      return `Round ${round} evaluated · ${evaluation(detail)}`
    case 'registered':
      return `Round ${round} is in the model registry as ${detail.model}`
    case 'not-registered':
      return `The model is kept here, and not in the model registry: ${detail.reason}`
    case 'finished':
      return `Finished after ${detail.rounds} rounds; the best is round ${detail.best}`
    case 'cancelled':
      return 'Cancelled'
    case 'failed':
      return `Failed: ${detail.reason}`
    default:
      return kind satisfies never
  }
}
