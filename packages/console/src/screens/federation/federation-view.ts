// What the screen shows of a federation: its figures by site and round, and the words of its feed (pure).
import type { FederationDetail, FederationEvent, FederationRound } from '../../api/federations.ts'
import { fill } from '../../language/fill.ts'

/** A site as a row. */
export interface SiteRow {
  readonly name: string
  readonly isConnected: boolean
  readonly examples: number | undefined
  readonly metric: number | undefined
  readonly bytesLeft: number
  readonly bytesSent: number
}

/** A figure to three places, or a dash. */
export function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(3)
}

/** Bytes in units that people read; 1 kB is 1,000 bytes. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const [unit, size] =
    bytes < 1_000_000 ? ['kB', bytes / 1000] : bytes < 1e9 ? ['MB', bytes / 1e6] : ['GB', bytes / 1e9]
  return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`
}

function metricOf(
  from: { readonly loss: number | null; readonly metrics: Readonly<Record<string, number>> | null } | undefined,
  metric: string,
): number | undefined {
  if (from === undefined) return undefined
  return (metric === 'loss' ? from.loss : from.metrics?.[metric]) ?? undefined
}

/** The sites with what they said of the newest round that they evaluated. */
export function siteRows(federation: FederationDetail, rounds: readonly FederationRound[]): readonly SiteRow[] {
  const { metric } = federation.plan
  return federation.sites.map(({ name, isConnected, bytesReceived, bytesSent }) => {
    const own = rounds.flatMap(({ sites }) => sites.filter(({ site }) => site === name))
    return {
      ...{ name, isConnected, bytesSent, bytesLeft: bytesReceived },
      examples: own.findLast(({ examples }) => examples !== null)?.examples ?? undefined,
      metric: metricOf(own.findLast(({ evaluation }) => evaluation !== undefined)?.evaluation, metric),
    }
  })
}

/** The pooled metric by round, without the rounds that nobody evaluated. */
export function courseOf(
  rounds: readonly FederationRound[],
  metric: string,
): readonly { readonly round: number; readonly value: number }[] {
  return rounds.flatMap((round) => {
    const value = metricOf(round, metric)
    return value === undefined || round.number === 0 ? [] : [{ round: round.number, value }]
  })
}

/** The names of those who dropped out of a round. */
export function droppedFrom({ sites }: FederationRound): readonly string[] {
  return sites.filter(({ outcome }) => outcome === 'dropped').map(({ site }) => site)
}

/** An event in the words of the screen's language; one that is not known is told by its kind. */
export function eventWords(event: FederationEvent, text: Readonly<Record<string, string>>): string {
  const words = text[`event.${event.kind}`]
  if (words === undefined) return event.kind
  const { round, site } = event
  return fill(words, {
    ...event.detail,
    ...(round === undefined ? {} : { round }),
    ...(site === undefined ? {} : { site }),
  })
}
