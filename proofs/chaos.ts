// Proof: what deploy/chaos breaks, under the load of the care pathway, the house stands as each document says.
import { readdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { experimentsAt, runOnStage } from '../packages/platform/src/cli/chaos/run.ts'
import type { ExperimentReport } from '../packages/platform/src/edge/chaos/index.ts'
import type { Proof } from './proof.ts'

/** One experiment as it is kept and told. */
export type ChaosRow = Pick<
  ExperimentReport,
  'name' | 'kind' | 'title' | 'outcome' | 'reasons' | 'recoveryMs' | 'acknowledged'
> & {
  readonly expects: ExperimentReport['steadyState']['expects']
  readonly lost: number
  readonly idempotent: ExperimentReport['during']['idempotent']
  readonly others: ExperimentReport['during']['others']
  /** Failures that were not a 503 with Retry-After. */
  readonly unclean: number
  /** Failures during the fault, by `step status`. */
  readonly failures: ExperimentReport['during']['failures']
  /** Processes that wanted a core meanwhile, in the mean of a minute. */
  readonly load: number
}

const folder = fileURLToPath(new URL('../deploy/chaos/', import.meta.url))
const perChunk = 4
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .sort()

function rowOf({ during, lost, steadyState, ...report }: ExperimentReport): ChaosRow {
  const { name, kind, title, outcome, reasons, recoveryMs, acknowledged } = report
  return {
    ...{ name, kind, title, outcome, reasons, recoveryMs, acknowledged },
    expects: steadyState.expects,
    lost: lost.length,
    idempotent: during.idempotent,
    others: during.others,
    unclean: during.unclean,
    failures: during.failures,
    load: Math.round(loadavg()[0] ?? 0),
  }
}

/** Every document of deploy/chaos, some at a time, each on a fresh stage. */
export const chaosProof: Proof<readonly ChaosRow[]> = {
  name: 'chaos',
  about:
    'under single faults 99.9 % of idempotent requests succeed; without its PostgreSQL the house fails closed and loses nothing',
  chunks: Math.ceil(files.length / perChunk),
  async run(chunk, say) {
    const chosen = files.slice(chunk * perChunk, (chunk + 1) * perChunk)
    const experiments = (await Promise.all(chosen.map((file) => experimentsAt(`${folder}${file}`)))).flat()
    const signal = new AbortController().signal
    return (await runOnStage(experiments, { rate: 60, lanes: 24, signal, say })).map(rowOf)
  },
  conclude(reports) {
    const rows = reports.flat()
    const held = rows.filter(({ outcome }) => outcome === 'held').length
    const lost = rows.reduce((sum, row) => sum + row.lost, 0)
    const acknowledged = rows.reduce((sum, row) => sum + row.acknowledged, 0)
    const available = rows.filter(({ expects }) => expects === 'available')
    const requests = available.reduce((sum, { idempotent }) => sum + idempotent.requests, 0)
    const good = available.reduce((sum, { idempotent }) => sum + idempotent.good, 0)
    return {
      ok: held === rows.length && rows.length >= files.length && lost === 0,
      summary: `${held} of ${rows.length} experiments held; under a single fault ${good} of ${requests} idempotent requests succeeded; ${lost} of ${acknowledged} acknowledged writes lost`,
      figures: { experiments: rows },
    }
  },
}
