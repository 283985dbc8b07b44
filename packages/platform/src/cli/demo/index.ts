// `xinglin demo`: walks through the main job, against the running system or one that it starts itself.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { dataFolderOf } from '../../composition/process-settings.ts'
import { type Role, roles } from '../../kernel/caller.ts'
import { issueLocalToken, type SystemPlace, verifyLocalTrail } from '../local.ts'
import { ownSettings, runningSystem } from '../place.ts'
import { placeOf } from '../private/demo.ts'
import type { RunState } from '../run-state.ts'
import { startSplitSystem } from '../split-system.ts'
import { freePorts, startSystem } from '../system.ts'
import { playAudit } from './audit-proof.ts'
import { playChaos } from './chaos.ts'
import { playClinic } from './clinic.ts'
import { playConsent } from './consent.ts'
import { playEdge } from './edge.ts'
import { playHospitals } from './federation.ts'
import { playFollowedRequest } from './followed-request.ts'
import { playFrontDesk } from './front-desk.ts'
import { playImages } from './images.ts'
import { playReading } from './lung-nodule.ts'
import { playModels } from './models.ts'
import { playPeople } from './people.ts'
import { playPrivateComputation } from './private-computation.ts'
import { playPulledPlugs } from './pulled-plugs.ts'
import { playRefusals } from './refusals.ts'
import { playRisk } from './risk.ts'
import { playSmartApp } from './smart-app.ts'
import { chapterCounter, createStage, type Stage } from './stage.ts'
import { playTriage } from './triage.ts'

/** Options of the demo. */
export interface DemoOptions {
  readonly json: boolean
  readonly patients: number
  readonly seed: number
  readonly folder?: string
  /** Starts its systems as three processes instead of one. */
  readonly isSplit: boolean
}

interface Voice {
  readonly say: (line: string) => void
  readonly progress: (line: string) => void
  /** The stages played so far, also one whose play broke off. */
  readonly stages: Stage[]
  readonly numbered: (chapter: string) => string
}

// Enough to be killed in the middle; fewer in a short story.
const plugPatients = (patients: number): number => Math.min(60, 8 * patients)
const progressEveryMs = 1000

function voiceOf(isJson: boolean): Voice {
  const last = { at: 0 }
  const out = isJson ? process.stderr : process.stdout
  return {
    stages: [],
    numbered: chapterCounter(),
    say: (line) => out.write(`${line}\n`),
    progress: (line) => {
      if (Date.now() - last.at < progressEveryMs && !line.startsWith('kill')) return
      last.at = Date.now()
      out.write(`    … ${line}\n`)
    },
  }
}

function tokensFor(place: () => SystemPlace): (role: string) => Promise<string> {
  return async (text) => {
    const role: Role | undefined = roles.find((known) => known === text)
    if (role === undefined) throw new AppError('invalid-parameter', `There is no role ${text}`)
    return issueLocalToken(place(), { role, subject: `demo-${role}` })
  }
}

function openStage(voice: Voice, system: () => RunState): Stage {
  const { say, progress, stages, numbered } = voice
  const stage = createStage({ addresses: system(), token: tokensFor(system), say, progress, numbered })
  stages.push(stage)
  return stage
}

async function playStory(system: RunState, options: DemoOptions, voice: Voice): Promise<void> {
  const stage = openStage(voice, () => system)
  const { patientId } = await playFrontDesk(stage)
  await playPeople(stage)
  const journalFolder = join(system.dataFolder, 'imports')
  const { patients, seed, folder } = options
  await playClinic(stage, { patients, seed, journalFolder, ...(folder === undefined ? {} : { folder }) })
  await playTriage(stage)
  await playImages(stage)
  await playReading(stage)
  await playRisk(stage)
  await playModels(stage)
  await playHospitals(stage)
  await playPrivateComputation(stage, placeOf(system))
  await playSmartApp(stage)
  await playConsent(stage, patientId)
  await playRefusals(stage, patientId)
  await playEdge(stage)
  await playFollowedRequest(stage, patientId)
  await playAudit(stage, patientId, async () => {
    const report = await verifyLocalTrail(system)
    if (!report.ok) throw new Error(report.summary)
    return report.summary
  })
}

// The system that loses its plug is one of its own: nobody's work is interrupted.
async function playPlugs(voice: Voice, patients: number, start: typeof startSystem): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-demo-'))
  const settings = { ...(await freePorts()), LOG_LEVEL: 'silent' }
  const restart = () => start(folder, settings)
  const held = { system: await restart() }
  const stage = openStage(voice, () => held.system.state)
  try {
    const options = { restart, patients: plugPatients(patients), journalFolder: join(folder, 'imports') }
    held.system = await playPulledPlugs(stage, { ...options, system: held.system })
    await playChaos(stage)
  } finally {
    await held.system.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

// Where nobody of the demo can sign in, real people's records may lie: synthetic ones do not belong among them.
function demandDemo({ isDemo, dataFolder }: RunState): void {
  if (isDemo) return
  throw new AppError(
    'conflict',
    `The system on ${dataFolder} has its demo logins off, so it may hold real records: give the demo another data folder (XINGLIN_DATA) or set DEMO=true`,
  )
}

// Plays the story and says where to look around afterwards.
async function playOnSystem(options: DemoOptions, voice: Voice, start: typeof startSystem): Promise<string> {
  const settings = ownSettings().process
  const running = await runningSystem(settings)
  if (running !== undefined) {
    if (options.isSplit)
      throw new AppError(
        'conflict',
        `--split starts a system of its own, but one runs on ${running.dataFolder}: stop it, or set XINGLIN_DATA`,
      )
    demandDemo(running)
    await playStory(running, options, voice)
    return `Look around at ${running.gatewayUrl}/app: choose Dr Chen Wei.`
  }
  voice.say('No system runs here, so the demo starts one …')
  const own = await start(dataFolderOf(settings))
  try {
    demandDemo(own.state)
    await playStory(own.state, options, voice)
  } finally {
    await own.stop()
  }
  return `The data is kept. To look around: npm start, then ${own.state.gatewayUrl}/app: choose Dr Chen Wei.`
}

/** Plays the demo; returns the exit code: 0 when every scene went as it should. */
export async function demo(options: DemoOptions): Promise<number> {
  const voice = voiceOf(options.json)
  const startedAt = performance.now()
  const outcome = { ok: false, words: '' }
  try {
    const start: typeof startSystem = options.isSplit ? startSplitSystem : startSystem
    const invitation = await playOnSystem(options, voice, start)
    await playPlugs(voice, options.patients, start)
    outcome.ok = true
    outcome.words = `All went as it should. ${invitation}`
  } catch (error) {
    outcome.words = `The demo ended early: ${error instanceof Error ? error.message : String(error)}`
  }
  const scenes = voice.stages.flatMap((stage) => stage.scenes)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  voice.say(`\n${scenes.length} scenes in ${seconds} s. ${outcome.words}`)
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: outcome.ok, scenes, seconds })}\n`)
  return outcome.ok ? 0 : 1
}
