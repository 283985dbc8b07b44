// Walks through the article section by section on a running system, and prints what ran with its result and time.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '@xinglin/core/cohort'
import { createStage } from '../../packages/platform/src/cli/demo/stage.ts'
import { issueLocalToken } from '../../packages/platform/src/cli/local.ts'
import { ownSettings, runningSystem } from '../../packages/platform/src/cli/place.ts'
import type { RunState } from '../../packages/platform/src/cli/run-state.ts'
import { startSplitSystem } from '../../packages/platform/src/cli/split-system.ts'
import { freePorts, startSystem } from '../../packages/platform/src/cli/system.ts'
import { listeningPorts } from '../../packages/platform/src/composition/ports.ts'
import type { Role } from '../../packages/platform/src/kernel/caller.ts'
import { readSettings } from '../../packages/platform/src/kernel/config.ts'
import { settingsByOwner } from '../../packages/platform/src/services.ts'
import { peersPython } from '../peers.ts'
import { readArticle } from './article-text.ts'
import { aiServices } from './chapters/ai-services.ts'
import { coreServices } from './chapters/core-services.ts'
import { operations } from './chapters/operations.ts'
import { scenarios } from './chapters/scenarios.ts'
import { runProgram } from './programs.ts'
import { type ArticleStage, type Scene, Skipped } from './scene.ts'

/** Options of the walk. */
export interface ArticleOptions {
  readonly json: boolean
  /** The article's text; beside the project by default. */
  readonly text?: string
  /** On a system of three processes, which is started for it. */
  readonly isSplit: boolean
}

/** One line of the table. */
export interface Row {
  readonly section: string
  readonly kind: Scene['kind']
  readonly title: string
  readonly result: 'ok' | 'failed' | 'skipped'
  /** What was seen, what failed, or how to get what is missing. */
  readonly seen: string
  readonly ms: number
}

const scenes: readonly Scene[] = [...coreServices, ...aiServices, ...scenarios, ...operations].toSorted((a, b) =>
  a.section.localeCompare(b.section, 'en', { numeric: true }),
)

function stageOn(
  system: RunState,
  environment: Readonly<Record<string, string | undefined>>,
  text?: string,
): ArticleStage {
  const ports = listeningPorts({ specs: settingsByOwner, settings: readSettings(settingsByOwner, environment) })
  const token = (role: string) => issueLocalToken(system, { role: role as Role, subject: `article-${role}` })
  const quiet = () => undefined
  const { ask } = createStage({ addresses: system, token, say: quiet, progress: quiet, numbered: (chapter) => chapter })
  return {
    system,
    article: readArticle(text),
    python: peersPython,
    port(env) {
      const found = ports.find((one) => one.env === env)
      if (found === undefined) throw new Error(`No service listens on a port that ${env} sets`)
      return found.port
    },
    token,
    ask,
    run: runProgram,
  }
}

async function play(scene: Scene, stage: ArticleStage): Promise<Row> {
  const { section, kind, title } = scene
  const startedAt = performance.now()
  const row = (result: Row['result'], seen: string): Row => {
    return { section, kind, title, result, seen, ms: Math.round(performance.now() - startedAt) }
  }
  try {
    return row('ok', await scene.play(stage))
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    return row(error instanceof Skipped ? 'skipped' : 'failed', words)
  }
}

const marks = { ok: '✔', failed: '✘', skipped: '–' } as const

function line({ section, kind, title, result, seen, ms }: Row): string {
  return `${marks[result]} ${section.padEnd(4)} ${kind.padEnd(8)} ${title} → ${seen} (${ms} ms)`
}

/** What a walk takes. */
export interface WalkOptions {
  readonly text?: string | undefined
  readonly say: (line: string) => void
  /** A few of the short scenes instead of all. */
  readonly sample?: Sample
  /** Leaves out scenes that start systems of their own. */
  readonly isShort?: boolean
}

/** How many scenes are drawn, and by which seed. */
export interface Sample {
  readonly seed: number
  readonly scenes: number
}

function drawn({ sample, isShort = false }: WalkOptions): readonly Scene[] {
  const short = scenes.filter(({ isLong }) => isLong !== true)
  if (sample === undefined) return isShort ? short : scenes
  const random = seededRandom(sample.seed)
  const left = [...short]
  return Array.from({ length: Math.min(sample.scenes, left.length) }, () => {
    return left.splice(random.integer(0, left.length - 1), 1)
  }).flat()
}

/** Plays every scene, or a sample, on a system and tells each as it ends. */
export async function walkArticle(
  system: RunState,
  environment: Readonly<Record<string, string | undefined>>,
  how: WalkOptions,
): Promise<readonly Row[]> {
  const { text, say } = how
  const stage = stageOn(system, environment, text)
  const rows: Row[] = []
  for (const scene of drawn(how)) {
    const row = await play(scene, stage)
    rows.push(row)
    say(line(row))
  }
  return rows
}

/** Does the work on a system of its own, which is gone afterwards. */
export async function onOwnSystem<T>(
  work: (system: RunState, environment: Readonly<Record<string, string>>) => Promise<T>,
  start: typeof startSystem = startSystem,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-article-'))
  const settings = { ...(await freePorts()), LOG_LEVEL: 'error', DEMO: 'true' }
  const system = await start(folder, settings)
  try {
    return await work(system.state, settings)
  } finally {
    await system.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** `xinglin article`: on the running system, else on one of its own; the exit code is 1 when something failed. */
export async function runArticle({ json, text, isSplit }: ArticleOptions): Promise<number> {
  const out = json ? process.stderr : process.stdout
  const say = (words: string) => void out.write(`${words}\n`)
  const running = isSplit ? undefined : await runningSystem(ownSettings().process)
  const start: typeof startSystem = isSplit ? startSplitSystem : startSystem
  const rows =
    running === undefined
      ? await onOwnSystem((system, environment) => walkArticle(system, environment, { text, say }), start)
      : await walkArticle(running, process.env, { text, say })
  const count = (result: Row['result']) => rows.filter((row) => row.result === result).length
  say(`\n${rows.length} scenes: ${count('ok')} ran, ${count('failed')} failed, ${count('skipped')} skipped`)
  if (json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  return count('failed') === 0 ? 0 : 1
}
