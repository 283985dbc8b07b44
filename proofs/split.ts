// Proof: the whole demo and the whole article pass on a system of three processes, as they do in one process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../packages/platform/src/cli/system.ts'
import type { Proof } from './proof.ts'

/** One walk. */
export interface WalkReport {
  readonly walk: string
  readonly scenes: number
  readonly failed: readonly string[]
  readonly skipped: number
  readonly seconds: number
}

interface Told {
  readonly title: string
  readonly seen: string
  readonly ok?: boolean
  readonly result?: 'ok' | 'failed' | 'skipped'
}

const program = fileURLToPath(new URL('../packages/platform/src/cli/main.ts', import.meta.url))
const walks: readonly (readonly string[])[] = [
  ['demo', '--patients', '20', '--split'],
  ['article', '--split'],
  ['demo', '--patients', '20'],
  ['article'],
]

async function tell(words: readonly string[], say: (line: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-walk-'))
  const settings = { ...(await freePorts()), LOG_LEVEL: 'error', DEMO: 'true', XINGLIN_DATA: join(folder, 'data') }
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...words, '--json'], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => {
    for (const line of String(chunk).split('\n')) if (/^\s*[✔✘–]/.test(line)) say(line)
  })
  await once(child, 'close')
  await rm(folder, { recursive: true, force: true })
  return Buffer.concat(out).toString()
}

function toldIn(text: string): readonly Told[] {
  const parsed = JSON.parse(text) as readonly Told[] | { readonly scenes: readonly Told[] }
  return 'scenes' in parsed ? parsed.scenes : parsed
}

/** Walks through one; a walk that tells nothing has failed. */
export async function proveWalk(words: readonly string[], say: (line: string) => void): Promise<WalkReport> {
  const begunMs = performance.now()
  const text = await tell(words, say)
  const scenes = text.trim() === '' ? [] : toldIn(text)
  const told: readonly Told[] =
    scenes.length === 0 ? [{ title: 'the walk', seen: 'it told nothing', ok: false }] : scenes
  const failed = told.filter((scene: Told) => scene.ok === false || scene.result === 'failed')
  return {
    walk: `xinglin ${words.join(' ')}`,
    scenes: told.length,
    failed: failed.map(({ title, seen }) => `${title}: ${seen.slice(0, 300)}`),
    skipped: told.filter((scene: Told) => scene.result === 'skipped').length,
    seconds: Math.round((performance.now() - begunMs) / 1000),
  }
}

/** Demo and article, in one process and split: the same scenes, none failed. */
export const splitProof: Proof<WalkReport> = {
  name: 'split',
  about: 'demo and article pass in one process and on three that speak mutual TLS',
  chunks: walks.length,
  run: (chunk, say) => proveWalk(walks[chunk] ?? [], say),
  conclude(reports) {
    const count = (walk: string): readonly number[] =>
      reports.filter((one) => one.walk.includes(walk)).map(({ scenes }) => scenes)
    const isSame = ['demo', 'article'].every((walk) => new Set(count(walk)).size === 1)
    const failed = reports.flatMap((one) => one.failed)
    const told = reports.map(
      ({ walk, scenes, skipped }) => `${walk}: ${scenes}${skipped > 0 ? ` (${skipped} skipped)` : ''}`,
    )
    return {
      ok: failed.length === 0 && isSame && reports.length === walks.length,
      summary: `${failed.length} scenes failed; ${told.join(', ')}`,
      figures: { walks: reports },
    }
  },
}
