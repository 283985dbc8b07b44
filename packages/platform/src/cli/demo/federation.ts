// Hospitals that learn together: four processes, each with its own stays, train one model over Flower's protocol.
import { type AskJson, playFederation } from '../federate/story.ts'
import { type Answer, expectStatus, type Stage } from './stage.ts'

const chapter = 'Hospitals that learn together'
const story = { rounds: 3, stays: 150, strategy: 'fedavg', seed: 7 }

function askerOf(stage: Stage, token: string): AskJson {
  return async <T>(path: string, body?: object): Promise<T> => {
    const isStart = path.endsWith('/start')
    const sent = body === undefined ? {} : { method: 'POST', ...(isStart ? {} : { body }) }
    const answer: Answer = await stage.ask(path, { token, ...sent })
    expectStatus(answer, 200, 201)
    return answer.body as T
  }
}

/** Plays the chapter. */
export async function playHospitals(stage: Stage): Promise<void> {
  await stage.scene(chapter, 'four hospitals train one model, and no stay leaves any of them', async () => {
    const ask = askerOf(stage, await stage.token('data-scientist'))
    const end = await playFederation(ask, story, { say: (line) => stage.progress(line) })
    const [first, last] = [end.rounds[0], end.rounds.at(-1)]
    const bytes = end.sites.reduce((sum, site) => sum + site.bytesLeft, 0)
    const reached = `AUC ${first?.auc?.toFixed(2)} → ${last?.auc?.toFixed(2)} in ${end.rounds.length} rounds`
    const kept = end.registered === null ? '' : `, registered as ${end.registered}`
    return `${end.sites.length} sites, ${reached}, ${Math.round(bytes / 1000)} kB of weights and sums left them${kept}`
  })
  await stage.scene(chapter, 'a clinician may not start a federation', async () => {
    const token = await stage.token('clinician')
    const answer = await stage.ask('/api/v1/federations', { method: 'POST', body: { name: 'mine' }, token })
    expectStatus(answer, 403)
    return `403 ${String(answer.body.detail)}`
  })
}
