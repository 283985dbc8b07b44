// `xinglin private demo`: key owner, data owners and computing server as separate processes.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueLocalToken } from '../local.ts'
import { ownSettings, runningSystem } from '../place.ts'
import type { RunState } from '../run-state.ts'
import { freePorts, startSystem } from '../system.ts'
import { playCohort, playRegression, playRiskScore, type StoryEnd, type StoryPlace } from './story.ts'

/** A place of the stories on a system of this machine. */
export function placeOf(state: RunState): StoryPlace {
  return {
    gatewayUrl: state.gatewayUrl,
    serverPid: state.pid,
    token: (subject) => issueLocalToken(state, { role: 'data-scientist', subject }),
  }
}

async function play(place: StoryPlace, say: (line: string) => void): Promise<readonly StoryEnd[]> {
  const ends: StoryEnd[] = []
  for (const story of [playRiskScore, playCohort, playRegression]) {
    const startedAt = performance.now()
    const end = await story(place)
    ends.push(end)
    say(`✔ ${end.title}\n    ${end.seen} (${Math.round(performance.now() - startedAt)} ms)`)
  }
  return ends
}

/** Plays the stories on the running system, else on one of their own. */
export async function privateDemo(isJson: boolean): Promise<void> {
  const say = (line: string): void => void (isJson ? process.stderr : process.stdout).write(`${line}\n`)
  const running = await runningSystem(ownSettings().process)
  const finish = (ends: readonly StoryEnd[]): void => {
    if (isJson) process.stdout.write(`${JSON.stringify({ ok: true, stories: ends })}\n`)
  }
  if (running !== undefined) return finish(await play(placeOf(running), say))
  say('No system runs here, so one is started as the computing server …')
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-private-'))
  try {
    const own = await startSystem(folder, { ...(await freePorts()), LOG_LEVEL: 'error' })
    try {
      finish(await play(placeOf(own.state), say))
    } finally {
      await own.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
