// `xinglin import`: shows an import's progress, rate and estimated end, and tells what was refused.
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { Presets, SingleBar } from 'cli-progress'
import { dataFolderOf } from '../composition/process-settings.ts'
import { type ImportResult, importRecords } from './import/index.ts'
import { inWords, leftMs } from './import/progress.ts'
import type { Target } from './import/send.ts'
import { issueLocalToken } from './local.ts'
import { demandSystem, ownSettings } from './place.ts'

/** Options of the command. */
export interface ImportCommandOptions {
  readonly json: boolean
  readonly concurrency: number
  readonly url?: string
  readonly token?: string
}

const patienceMs = 120_000
const renewAfterMs = 30 * 60_000

async function targetOf({ url, token }: ImportCommandOptions): Promise<Target> {
  if (url !== undefined) {
    if (token === undefined) throw new AppError('invalid-parameter', 'Another server needs a token: --token <token>')
    return { fhirUrl: url.replace(/\/+$/, ''), token: async () => token, patienceMs }
  }
  const system = await demandSystem()
  const held: { token?: Promise<string>; until: number } = { until: 0 }
  const renew = (): Promise<string> => {
    if (held.token === undefined || Date.now() > held.until) {
      held.token = issueLocalToken(system, { role: 'admin', subject: 'xinglin-import' })
      held.until = Date.now() + renewAfterMs
    }
    return held.token
  }
  return { fhirUrl: `${system.gatewayUrl}/fhir`, token: renew, patienceMs }
}

function told(result: ImportResult): string {
  const perSecond = Math.round((result.resources * 1000) / Math.max(1, result.elapsedMs))
  const refused = result.refusals.map((words) => `  refused: ${words}`)
  const more = result.refused - result.refusals.length
  return [
    `${result.filesDone} of ${result.files} files, ${result.resources} resources, ${perSecond}/s` +
      `${result.skipped > 0 ? `, ${result.skipped} were in already` : ''}, ${result.refused} refused`,
    ...refused,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n')
}

/** Imports; returns the exit code: 0 all in, 1 something was refused. */
export async function importCommand(path: string, options: ImportCommandOptions): Promise<number> {
  const target = await targetOf(options)
  const journalFolder = join(dataFolderOf(ownSettings().process), 'imports')
  const bar = new SingleBar(
    {
      format:
        '{bar} {percentage}% | {filesDone}/{files} files | {resources} resources, {rate}/s | {left} left | {refused} refused',
      noTTYOutput: true,
      notTTYSchedule: 5000,
      stopOnComplete: false,
    },
    Presets.shades_classic,
  )
  const isShown = !options.json
  const result = await importRecords({
    path,
    target,
    journalFolder,
    concurrency: options.concurrency,
    onProgress: (progress) => {
      if (!isShown) return
      const { bytes, bytesDone, elapsedMs, resources } = progress
      const rate = Math.round((resources * 1000) / Math.max(1, elapsedMs))
      const payload = { ...progress, rate, left: inWords(leftMs(progress)) }
      if (bar.isActive) bar.update(bytesDone, payload)
      else bar.start(Math.max(1, bytes), bytesDone, payload)
    },
  }).finally(() => bar.stop())
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${told(result)}\n`)
  return result.refused === 0 ? 0 : 1
}
