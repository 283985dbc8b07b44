// What the screen shows of models: figures with their intervals, durations, the stages that may follow, a card in blocks (pure).
import type { IndexEntry, Metric, ModelVersion, Serving, Stage } from '../../api/models.ts'

/** A part of a model card. */
export type CardBlock =
  | { readonly kind: 'heading' | 'text'; readonly text: string }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'list'; readonly items: readonly string[] }

/** How the server stands to a model. */
export type ServerState = 'ready' | 'unavailable' | 'unloaded'

/** A number with at most three decimals. */
export function figureText(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3)
}

/** The interval of a figure, e.g. `0.791–0.830 (95 %)`; undefined when none was told. */
export function intervalText({ low, high, confidence }: Metric): string | undefined {
  if (low === undefined || high === undefined) return undefined
  const sure = confidence === undefined ? '' : ` (${Math.round(confidence * 1000) / 10} %)`
  return `${figureText(low)}–${figureText(high)}${sure}`
}

/** A figure in one line, e.g. `AUC 0.811 (0.791–0.830)`. */
export function metricText(metric: Metric | undefined): string {
  if (metric === undefined) return '–'
  const { name, value, low, high } = metric
  const interval = low === undefined || high === undefined ? '' : ` (${figureText(low)}–${figureText(high)})`
  return `${name} ${figureText(value)}${interval}`
}

/** The mean of a sum of nanoseconds in milliseconds, e.g. `12.4 ms`. */
export function meanText({ count, ns }: { readonly count: number; readonly ns: number }): string {
  if (count === 0) return '–'
  const ms = ns / count / 1e6
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
}

/** Bytes in units that people read; 1 kB is 1,000 bytes. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** The stages that a version may be moved to, as the server allows them. */
export function nextStages({
  stage,
  hasCard,
  metrics,
}: Pick<ModelVersion, 'stage' | 'hasCard' | 'metrics'>): readonly Stage[] {
  const canProduce = hasCard && metrics.length > 0 && stage !== 'archived'
  return (['staging', 'production', 'archived'] as const).filter(
    (to) => to !== stage && (to !== 'production' || canProduce),
  )
}

/** What the index says of a model. */
export function stateOf(
  name: string,
  index: readonly IndexEntry[],
): { readonly state: ServerState; readonly reason: string } {
  const own = index.filter((entry) => entry.name === name)
  if (own.some(({ state }) => state === 'READY')) return { state: 'ready', reason: '' }
  const reason = own[0]?.reason ?? ''
  return { state: own[0]?.state === 'UNAVAILABLE' && reason !== 'unloaded' ? 'unavailable' : 'unloaded', reason }
}

/** Requests that were answered, and that failed. */
export function countsOf({ inference_stats: { success, fail } }: Serving): readonly [number, number] {
  return [success.count, fail.count]
}

const plain = (text: string): string =>
  text
    .replace(/\*\*|`/g, '')
    .replace(/\s+/g, ' ')
    .trim()

const cellsOf = (line: string): readonly string[] =>
  line
    .replace(/^\||\|\s*$/g, '')
    .split('|')
    .map(plain)

function blockOf(lines: readonly string[]): CardBlock {
  const [first = ''] = lines
  if (first.startsWith('#')) return { kind: 'heading', text: plain(first.replace(/^#+\s*/, '')) }
  if (first.startsWith('|')) return { kind: 'table', head: cellsOf(first), rows: lines.slice(2).map(cellsOf) }
  if (!/^[-*] /.test(first)) return { kind: 'text', text: plain(lines.join(' ')) }
  // A line that begins no new item goes on with the one before.
  const items = lines.join('\n').split(/\n(?=[-*] )/)
  return { kind: 'list', items: items.map((item) => plain(item.slice(2))) }
}

/** The blocks of a card in Markdown: headings, lists, tables and text; other marks are dropped. */
export function cardBlocks(card: string): readonly CardBlock[] {
  const separated = card.replace(/\r\n/g, '\n').replace(/^(#+ .*)$/gm, '\n$1\n')
  return separated
    .split(/\n\s*\n/)
    .map((block) => block.split('\n').filter((line) => line.trim() !== ''))
    .filter((lines) => lines.length > 0)
    .map(blockOf)
}
