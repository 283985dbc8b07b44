// Chapters 5 and 6: triage over a knowledge graph, computation on encrypted data, and explanations.
import neo4j from 'neo4j-driver'
import { expectStatus } from '../../../packages/platform/src/cli/demo/stage.ts'
import { placeOf } from '../../../packages/platform/src/cli/private/demo.ts'
import { playRiskScore } from '../../../packages/platform/src/cli/private/story.ts'
import { howToGetNeo4j, neo4jIsHere, printedCypher, startNeo4j } from '../../triage/neo4j/peer.ts'
import { snippet } from '../article-text.ts'
import { runExample } from '../examples.ts'
import { type ArticleStage, needArticle, needPython, type Scene, Skipped } from '../scene.ts'

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

async function runCypher(stage: ArticleStage): Promise<string> {
  const { statements, query } = printedCypher(needArticle(stage))
  if (!neo4jIsHere()) throw new Skipped(howToGetNeo4j)
  const peer = await startNeo4j()
  const driver = neo4j.driver(peer.url, neo4j.auth.basic('neo4j', 'neo4j'))
  try {
    for (const statement of statements) await driver.executeQuery(statement)
    const symptoms = ['Cough', 'Fever', 'Chest Pain']
    const { records } = await driver.executeQuery(query, { symptoms })
    const theirs = new Map(records.map((record) => [String(record.get('disease')), Number(record.get('score'))]))
    const ours = await triage(stage, '?scoring=article', { symptoms })
    for (const { disease, confidence } of ours) {
      if (theirs.get(disease) !== confidence)
        throw new Error(`${disease}: ${theirs.get(disease)} there, ${confidence} here`)
    }
    if (ours.length !== theirs.size) throw new Error(`${theirs.size} diseases there, ${ours.length} here`)
    return `${statements.length} statements ran; its query scores ${theirs.size} diseases as ours does`
  } finally {
    await driver.close()
    await peer.stop()
  }
}

async function runTenseal(stage: ArticleStage): Promise<string> {
  const program = snippet(needArticle(stage), 'import tenseal as ts', '第六章')
  const said = await stage.run({ command: needPython(stage), args: ['-c', program], names: 'direct' })
  if (!said.includes('27.50')) throw new Error(`printed ${said}`)
  return said.trim()
}

/** The scenes of chapters 5 and 6. */
export const scenarios: readonly Scene[] = [
  { section: '5.1', kind: 'ours', title: 'the printed call gives the printed scores', play: scoreAsPrinted },
  { section: '5.1', kind: 'ours', title: 'a bare list, scored by noisy-or', play: scoreByDefault },
  { section: '5.1', kind: 'printed', title: 'the Cypher in a real Neo4j gives the same scores', play: runCypher },
  { section: '5.2', kind: 'printed', title: 'the snippet in TenSEAL itself', play: runTenseal },
  {
    section: '5.2',
    kind: 'ours',
    title: 'the same with three processes, the server without the key',
    play: async ({ system }) => (await playRiskScore(placeOf(system))).seen,
  },
  {
    section: '5.2',
    kind: 'ours',
    title: 'TenSEAL as the client of our server',
    play: (stage) => runExample(stage, { path: 'privacy/tenseal_client.py', role: 'data-scientist', prints: /0\.16/ }),
  },
  {
    section: '6',
    kind: 'ours',
    title: 'an LSTM explained, the shares adding up to the prediction',
    play: (stage) => runExample(stage, { path: 'explain/shap.ts', role: 'data-scientist', prints: /background/ }),
  },
  {
    section: '6',
    kind: 'ours',
    title: 'a patient’s risk with its reasons, as a RiskAssessment',
    play: (stage) => runExample(stage, { path: 'explain/risk.ts', role: 'clinician', prints: /RiskAssessment/ }),
  },
]
