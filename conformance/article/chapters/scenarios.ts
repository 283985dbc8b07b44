// Chapter 5: triage over a knowledge graph, and computation on encrypted data.
import { expectStatus } from '../../../packages/platform/src/cli/demo/stage.ts'
import type { ArticleStage, Scene } from '../scene.ts'

interface Suggested {
  readonly disease: string
  readonly confidence: number
}

async function triage(stage: ArticleStage, query: string, body: unknown): Promise<readonly Suggested[]> {
  const answer = await stage.ask(`/triage${query}`, { method: 'POST', body, token: await stage.token('clinician') })
  expectStatus(answer, 200)
  return answer.body['suggested_departments'] as readonly Suggested[]
}

async function scoreAsPrinted(stage: ArticleStage): Promise<string> {
  const found = await triage(stage, '?scoring=article', { symptoms: ['Cough', 'Fever'] })
  const scores = Object.fromEntries(found.map(({ disease, confidence }) => [disease, confidence]))
  // matched symptoms / all symptoms of the disease, over the printed graph
  const expected = { 'Common Cold': 1, 'COVID-19': 1, Pneumonia: 2 / 3 }
  for (const [disease, score] of Object.entries(expected)) {
    if (scores[disease] !== score) throw new Error(`${disease} scored ${scores[disease]} instead of ${score}`)
  }
  return 'Common Cold 1, COVID-19 1, Pneumonia 0.67'
}

async function scoreByDefault(stage: ArticleStage): Promise<string> {
  const [first] = await triage(stage, '', ['Cough', 'Fever', 'Chest Pain'])
  if (first === undefined || first.confidence >= 1) throw new Error(`suggested ${JSON.stringify(first)}`)
  return `${first.disease} ${first.confidence.toFixed(2)}`
}

/** The scenes of chapter 5. */
export const scenarios: readonly Scene[] = [
  { section: '5.1', kind: 'ours', title: 'the printed call gives the printed scores', play: scoreAsPrinted },
  { section: '5.1', kind: 'ours', title: 'a bare list, scored by noisy-or', play: scoreByDefault },
]
