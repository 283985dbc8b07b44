// Two pulled plugs: PostgreSQL and the server are killed in the middle of an import, and nothing acknowledged is lost.
import { rm } from 'node:fs/promises'
import { importRecords } from '../import/index.ts'
import type { StartedSystem } from '../system.ts'
import { writeCohort } from './clinic.ts'
import { expectStatus, type Stage } from './stage.ts'

const chapter = 'Two pulled plugs (on a second system, so that nothing of yours is interrupted)'
const perBatch = 200

/** What the chapter needs: a system of its own to kill and start again. */
export interface PlugOptions {
  readonly system: StartedSystem
  /** Starts the system again on the same data and ports. */
  readonly restart: () => Promise<StartedSystem>
  readonly patients: number
  readonly journalFolder: string
}

interface Damage {
  system: StartedSystem
  restartMs: number
}

async function killAtThirds(
  counts: { readonly done: () => number; readonly total: number },
  damage: Damage,
  options: PlugOptions,
  stage: Stage,
): Promise<void> {
  const waitFor = async (share: number): Promise<void> => {
    while (counts.done() < counts.total * share) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await waitFor(1 / 3)
  const { postgresPid } = damage.system.state
  if (postgresPid === undefined) throw new Error('the system has no PostgreSQL of its own to kill')
  process.kill(postgresPid, 'SIGKILL')
  stage.progress('kill -9 to PostgreSQL')
  await waitFor(2 / 3)
  await damage.system.kill()
  stage.progress('kill -9 to the server')
  damage.system = await options.restart()
  damage.restartMs = damage.system.readyAfterMs
}

async function countMissing(stage: Stage, acknowledged: readonly string[]): Promise<number> {
  const token = await stage.token('admin')
  let missing = 0
  for (let at = 0; at < acknowledged.length; at += perBatch) {
    const entry = acknowledged.slice(at, at + perBatch).map((url) => ({ request: { method: 'GET', url } }))
    const answer = await stage.ask('/fhir', {
      method: 'POST',
      body: { resourceType: 'Bundle', type: 'batch', entry },
      token,
    })
    expectStatus(answer, 200)
    const answers = answer.body.entry as readonly { readonly response: { readonly status: string } }[]
    missing += answers.filter(({ response }) => !response.status.startsWith('200')).length
  }
  return missing
}

/** Plays the chapter; returns the system that runs afterwards. */
export async function playPulledPlugs(stage: Stage, options: PlugOptions): Promise<StartedSystem> {
  const damage: Damage = { system: options.system, restartMs: 0 }
  const acknowledged: string[] = []
  let filesDone = 0
  const folder = await writeCohort(options.patients, 77)
  try {
    await stage.scene(chapter, 'an import goes on through kill -9 of PostgreSQL and of the server', async () => {
      const target = {
        fhirUrl: `${stage.addresses.gatewayUrl}/fhir`,
        token: () => stage.token('admin'),
        patienceMs: 60_000,
      }
      const killing = killAtThirds({ done: () => filesDone, total: options.patients }, damage, options, stage)
      const importing = importRecords({
        path: folder,
        target,
        journalFolder: options.journalFolder,
        concurrency: 2,
        onProgress: (progress) => {
          filesDone = progress.filesDone
        },
        onAcknowledged: (unit) =>
          acknowledged.push(...(unit.bundle.entry ?? []).flatMap((entry) => entry.request?.url ?? [])),
      })
      const [result] = await Promise.all([importing, killing])
      if (result.refused > 0) throw new Error(`${result.refused} refused: ${result.refusals[0]}`)
      return `${result.resources} resources acknowledged, the server was ready again after ${Math.round(damage.restartMs)} ms`
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  await stage.scene(chapter, 'every acknowledged resource is still there', async () => {
    const missing = await countMissing(stage, acknowledged)
    if (missing > 0) throw new Error(`${missing} of ${acknowledged.length} acknowledged resources are missing`)
    return `${acknowledged.length} of ${acknowledged.length}`
  })
  return damage.system
}
