// `xinglin chaos run`: experiments from files, one after the other, on a stage under the load of the care pathway.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { dataFolderOf } from '../../composition/process-settings.ts'
import {
  createPathway,
  type Experiment,
  type ExperimentReport,
  keepReport,
  type Pathway,
  readExperiments,
  reportLines,
  rescue,
  runExperiment,
} from '../../edge/chaos/index.ts'
import type { Role } from '../../kernel/caller.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import { missingRecords } from '../acknowledged.ts'
import { issueLocalToken, withDatabase } from '../local.ts'
import { ownSettings, runningSystem } from '../place.ts'
import { type Layout, type Stage, startStage, usualLayout } from './stage.ts'
import { stageField } from './stage-field.ts'

/** How to run. */
export interface ChaosOptions {
  /** Requests a second of the load. */
  readonly rate: number
  readonly lanes: number
  readonly layout?: Layout
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  /** Told every second while a fault lasts. */
  readonly countdown?: (line: string) => void
  readonly times?: Parameters<typeof runExperiment>[1]['times']
  readonly random?: () => number
}

const modelName = 'icu_mortality_lstm'
const tokenSeconds = 7200
const answerMs = 30_000

/** Reads the experiments of a file, or of every YAML file of a folder in the order of their names. @throws AppError */
export async function experimentsAt(path: string): Promise<readonly Experiment[]> {
  const about = await stat(path).catch(() => undefined)
  if (about === undefined) throw new AppError('not-found', `There is no file or folder ${path}`)
  if (!about.isDirectory()) return readExperiments(await readFile(path, 'utf8'), path)
  const files = (await readdir(path)).filter((file) => /\.ya?ml$/.test(file)).sort()
  if (files.length === 0) throw new AppError('not-found', `There is no YAML file in ${path}`)
  const read = await Promise.all(
    files.map(async (file) => readExperiments(await readFile(join(path, file), 'utf8'), file)),
  )
  return read.flat()
}

/** Where guards keep what a rescue needs. */
export function journalFolder(): string {
  return join(dataFolderOf(ownSettings().process), 'chaos')
}

function token(stage: Stage, role: Role): Promise<string> {
  const place = { databaseUrl: stage.database().url, dataFolder: stage.dataFolder }
  return issueLocalToken(place, { role, subject: `chaos-${role}`, lifetimeSeconds: tokenSeconds })
}

async function modelOf(stage: Stage, bearer: string) {
  const path = `${stage.directUrl}/v2/models/${modelName}`
  const answer = await fetch(path, {
    headers: { authorization: `Bearer ${bearer}` },
    signal: AbortSignal.timeout(answerMs),
  })
  if (!answer.ok) return undefined
  const { inputs } = (await answer.json()) as {
    readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[]
  }
  const [input] = inputs
  return input === undefined ? undefined : { name: modelName, input: input.name, shape: input.shape }
}

/** The load, and a token that may read all that it writes. */
interface Opened {
  readonly load: Pathway
  readonly admin: string
}

async function openLoad(stage: Stage, { lanes, rate: perSecond }: ChaosOptions): Promise<Opened> {
  const [admin, clinician, scientist] = await Promise.all([
    token(stage, 'admin'),
    token(stage, 'clinician'),
    token(stage, 'data-scientist'),
  ])
  const model = await modelOf(stage, scientist)
  const tokens = { admin, clinician, scientist }
  return { admin, load: createPathway({ gatewayUrl: stage.gatewayUrl, tokens, lanes, perSecond, model }) }
}

async function runOne(experiment: Experiment, stage: Stage, { load, admin }: Opened, options: ChaosOptions) {
  const { signal, say, countdown, times, random } = options
  say(`\n▶ ${experiment.title} (${experiment.kind} ${experiment.name})`)
  const report = await runExperiment(experiment, {
    field: stageField(stage),
    load,
    signal,
    missing: (references) => missingRecords({ gatewayUrl: stage.directUrl, token: admin }, references),
    onOccurrence: ({ atMs, step, kind, detail }) => say(`  ${(atMs / 1000).toFixed(1)} s  ${step}: ${kind}, ${detail}`),
    onTick: (leftMs, success) =>
      countdown?.(`  ${Math.ceil(leftMs / 1000)} s left, ${(success * 100).toFixed(1)} % of the last 5 s succeeded`),
    ...(times === undefined ? {} : { times }),
    ...(random === undefined ? {} : { random }),
  })
  for (const line of reportLines(report)) say(line)
  return report
}

/** Runs the experiments on a stage of their own; those after an end from outside are left out. */
export async function runOnStage(
  experiments: readonly Experiment[],
  options: ChaosOptions,
): Promise<readonly ExperimentReport[]> {
  const { say, signal } = options
  for (const line of await rescue(journalFolder())) say(`rescued: ${line}`)
  const begun = performance.now()
  const stage = await startStage(options.layout ?? usualLayout, { journalFolder: journalFolder(), say, signal })
  say(`the stage is ready after ${((performance.now() - begun) / 1000).toFixed(1)} s: ${stage.gatewayUrl}`)
  const reports: ExperimentReport[] = []
  try {
    const opened = await openLoad(stage, options)
    const { load } = opened
    load.start()
    try {
      for (const experiment of experiments) {
        if (signal.aborted) break
        reports.push(await runOne(experiment, stage, opened, options))
      }
    } finally {
      await load.stop()
    }
  } finally {
    await stage.stop()
  }
  return reports
}

/** Keeps the reports where the operators of a running system see them. */
async function keepWithRunning(reports: readonly ExperimentReport[]): Promise<boolean> {
  const running = await runningSystem()
  if (running === undefined) return false
  const ids = createIds(systemClock)
  const startedBy = userInfo().username
  await withDatabase(running.databaseUrl, async (sql) => {
    for (const report of reports) {
      const seconds = report.before.seconds + report.during.seconds + report.after.seconds
      const endedAt = new Date(Date.parse(report.startedAt) + seconds * 1000)
      await keepReport(sql, report, { id: ids.uuid(), startedBy, endedAt })
    }
  })
  return true
}

/** Options of the command. */
export interface RunCommand {
  readonly json: boolean
  readonly report?: string
  readonly rate: number
  readonly lanes: number
}

/** The command; returns the exit code: 0 when every hypothesis held. */
export async function chaosRun(path: string, command: RunCommand): Promise<number> {
  const experiments = await experimentsAt(path)
  const ending = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      process.stderr.write('Ending: the faults are taken back …\n')
      ending.abort()
    })
  }
  const out = command.json ? process.stderr : process.stdout
  const reports = await runOnStage(experiments, {
    rate: command.rate,
    lanes: command.lanes,
    signal: ending.signal,
    say: (line) => void out.write(`${line}\n`),
    ...(process.stderr.isTTY ? { countdown: (line) => void process.stderr.write(`\r${line}\u001b[K`) } : {}),
  })
  const text = `${JSON.stringify(reports, undefined, 2)}\n`
  if (command.report !== undefined) await writeFile(command.report, text)
  if (command.json) process.stdout.write(text)
  if (await keepWithRunning(reports))
    out.write('The reports are kept with the running system: see its page Operations.\n')
  const held = reports.filter(({ outcome }) => outcome === 'held').length
  out.write(`\n${held} of ${experiments.length} experiments: the hypothesis held.\n`)
  return held === experiments.length ? 0 : 1
}
