// Writes the table of docs/resilience.md from proofs/results/chaos.json; a test compares the two.
import { readFileSync, writeFileSync } from 'node:fs'
import type { ChaosRow } from './chaos.ts'

const resultFile = new URL('./results/chaos.json', import.meta.url)
const page = new URL('../docs/resilience.md', import.meta.url)
const begin = '<!-- results: node proofs/resilience-table.ts -->\n'
const end = '<!-- end of results -->'

const percent = (share: number): string => `${(Math.floor(share * 1e5) / 1e3).toFixed(2)} %`

function line(row: ChaosRow): string {
  const { idempotent, others } = row
  return [
    '',
    row.title,
    row.expects === 'available' ? 'answers' : 'fails closed',
    `${percent(idempotent.success)} of ${idempotent.requests}`,
    `${idempotent.p50Ms} / ${idempotent.p99Ms}`,
    percent(others.success),
    `${row.unclean}`,
    `${(row.recoveryMs / 1000).toFixed(1)} s`,
    `${row.lost} of ${row.acknowledged}`,
    `${row.load}`,
    row.outcome === 'held' ? 'held' : `**${row.outcome}**: ${row.reasons.join('; ')}`,
    '',
  ]
    .join(' | ')
    .trim()
}

/** The table, with the machine that it was measured on. */
export function resilienceTable(): string {
  const result = JSON.parse(readFileSync(resultFile, 'utf8')) as {
    readonly at: string
    readonly machine: { readonly cores: number; readonly cpu: string; readonly system: string }
    readonly figures: { readonly experiments: readonly ChaosRow[] }
  }
  const { at, machine, figures } = result
  return [
    `Measured ${at.slice(0, 10)} on ${machine.cores} cores (${machine.cpu}, ${machine.system}), 60 requests a second:`,
    '*load* is how many processes wanted a core in the mean of the last minute, where two have one.',
    '',
    '| what breaks | expected | idempotent, succeeded | p50 / p99 ms | others succeeded | other refusals | back after | lost | load | |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...figures.experiments.map(line),
    '',
  ].join('\n')
}

/** A page with the table put in. */
export function withTable(text: string): string {
  const [head = '', rest = ''] = text.split(begin)
  return `${head}${begin}${resilienceTable()}${end}${rest.split(end)[1] ?? ''}`
}

if (import.meta.main) writeFileSync(page, withTable(readFileSync(page, 'utf8')))
