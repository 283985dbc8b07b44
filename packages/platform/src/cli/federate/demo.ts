// `xinglin federate demo`: on the running system, else on one of its own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { issueLocalToken } from '../local.ts'
import { ownSettings, runningSystem } from '../place.ts'
import type { RunState } from '../run-state.ts'
import { freePorts, startSystem } from '../system.ts'
import { type AskJson, playFederation, type StoryEnd, type StoryOptions } from './story.ts'

/** Options of the demo. */
export interface FederateDemoOptions extends StoryOptions {
  readonly json: boolean
}

/** Asks a system of this machine as a data scientist. */
export function askerFor(state: RunState): AskJson {
  return async <T>(path: string, body?: object): Promise<T> => {
    const token = await issueLocalToken(state, { role: 'data-scientist', subject: 'federate-demo' })
    const isStart = path.endsWith('/start')
    const answer = await fetch(`${state.gatewayUrl}${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined || isStart ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { method: 'POST' }),
      ...(body === undefined || isStart ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    })
    const text = await answer.text()
    if (answer.ok) return JSON.parse(text) as T
    throw new AppError('bad-gateway', `${path} answered ${answer.status}: ${text.slice(0, 500)}`)
  }
}

const three = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(3))

/** What came of it, as lines of a table. */
export function tableOf({ sites, rounds, registered }: StoryEnd): readonly string[] {
  const first = rounds[0]
  const last = rounds.at(-1)
  return [
    `AUC over all sites: round 1 ${three(first?.auc)}, round ${last?.number} ${three(last?.auc)}`,
    'hospital            stays   AUC    bytes that left it',
    ...sites.map(
      ({ name, stays, auc, bytesLeft }) =>
        `${name.padEnd(18)} ${String(stays).padStart(6)}  ${three(auc).padEnd(6)} ${bytesLeft}  (weights, sums, metrics; no stay)`,
    ),
    registered === null ? 'The model is not in the registry.' : `In the model registry as ${registered}.`,
  ]
}

async function play(state: RunState, options: FederateDemoOptions, say: (line: string) => void): Promise<void> {
  const end = await playFederation(askerFor(state), options, { say: (line) => say(`  ${line}`) })
  for (const line of tableOf(end)) say(line)
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: true, ...end })}\n`)
}

/** Plays the demo. */
export async function federateDemo(options: FederateDemoOptions): Promise<void> {
  const out = options.json ? process.stderr : process.stdout
  const say = (line: string): void => void out.write(`${line}\n`)
  const running = await runningSystem(ownSettings().process)
  if (running !== undefined) {
    await play(running, options, say)
    return say(`Look at it: ${running.gatewayUrl}/app/federations (data scientist).`)
  }
  say('No system runs here, so one is started as the federation’s server …')
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-federate-'))
  try {
    const own = await startSystem(folder, { ...(await freePorts()), LOG_LEVEL: 'error' })
    try {
      await play(own.state, options, say)
    } finally {
      await own.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
