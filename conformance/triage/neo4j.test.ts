// The graph in a real Neo4j Community: the article's statements run as printed, and everything scores as our arrays do.
// Get Neo4j with conformance/triage/neo4j/install.sh (Maven, Java 17); the article's text is read where it is present.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { articleScores } from '@xinglin/core/triage'
import neo4j, { type Driver } from 'neo4j-driver'
import { triage } from '../../packages/platform/src/clinical/triage/index.ts'
import { compileKnowledge, symptomEdgesOf } from '../../packages/platform/src/clinical/triage/knowledge/knowledge.ts'
import { readSeed } from '../../packages/platform/src/clinical/triage/knowledge/seed.ts'
import { startTriage } from '../../packages/platform/src/clinical/triage/under-test/service.ts'
import { type OpenSymptomGraph, openNeo4jGraph } from '../../packages/platform/src/engines/neo4j/index.ts'
import { testDatabase } from '../../packages/platform/src/testing/database.ts'
import { howToGetNeo4j, type Neo4jPeer, neo4jIsHere, printedCypher, startNeo4j } from './neo4j/peer.ts'

const [articlePath] = globSync('seed/*.txt', { cwd: fileURLToPath(new URL('../../../shared/', import.meta.url)) })
const article =
  articlePath === undefined
    ? undefined
    : readFileSync(new URL(`../../../shared/${articlePath}`, import.meta.url), 'utf8')

const skip = neo4jIsHere() ? false : howToGetNeo4j

interface Running extends Neo4jPeer {
  readonly driver: Driver
  readonly graph: OpenSymptomGraph
}

const held: { running?: Running } = {}

function running(): Running {
  if (held.running === undefined) throw new Error('Neo4j has not started')
  return held.running
}

async function start(): Promise<Running> {
  const peer = await startNeo4j()
  const { url } = peer
  const driver = neo4j.driver(url, neo4j.auth.basic('neo4j', 'neo4j'))
  return { ...peer, driver, graph: openNeo4jGraph({ url, user: 'neo4j', password: 'neo4j' }) }
}

async function run(statement: string, parameters: object = {}): Promise<readonly Record<string, unknown>[]> {
  const session = running().driver.session()
  try {
    const answer = await session.run(statement, parameters as Record<string, unknown>)
    return answer.records.map((record) => record.toObject())
  } finally {
    await session.close()
  }
}

before(
  async () => {
    if (neo4jIsHere()) held.running = await start()
  },
  { timeout: 240_000 },
)

after(async () => {
  await held.running?.driver.close()
  await held.running?.graph.close()
  await held.running?.stop()
})

test('the article’s statements and its query, as printed, score as ours do', {
  skip: skip || (article === undefined ? 'the article’s text is not here' : false),
}, async () => {
  const { statements, query } = printedCypher(article ?? '')
  await run('MATCH (n) DETACH DELETE n')
  for (const statement of statements) await run(statement)
  const seed = await readSeed()
  const { articleEdges } = compileKnowledge(0, seed.rows)
  for (const symptoms of [['Cough', 'Fever'], ['Cough', 'Fever', 'Chest Pain'], ['Chest Pain'], ['Fever']]) {
    const theirs = await run(query, { symptoms })
    const byName = (rows: readonly (readonly [unknown, unknown])[]) =>
      rows.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    assert.deepEqual(
      byName(theirs.map(({ disease, score }) => [disease, score])),
      byName(articleScores(articleEdges, symptoms).map(({ disease, score }) => [disease, score])),
    )
  }
})

test('the whole graph lies in Neo4j, and the article’s query on it scores as our arrays do', { skip }, async () => {
  const seed = await readSeed()
  const knowledge = compileKnowledge(7, seed.rows)
  const { facts } = knowledge.graph
  await run('MATCH (n) DETACH DELETE n')
  await run("CREATE (:Note {text: 'not ours'})")
  await running().graph.load(symptomEdgesOf(knowledge))
  await running().graph.load(symptomEdgesOf(knowledge))
  const [counts] = await run('MATCH (:Symptom)-[r:PRESENTS_IN]->(:Disease) RETURN count(r) AS edges')
  assert.equal(Number(counts?.edges), facts.presentsIn.length)
  assert.equal((await run('MATCH (n:Note) RETURN n')).length, 1)
  const edges = facts.presentsIn.map(({ finding, condition }) => ({ symptom: finding, disease: condition }))
  for (const symptoms of [['cough', 'fever'], ['chest-pain', 'sweating', 'nausea'], ['swelling']]) {
    const ours = new Map(articleScores(edges, symptoms).map(({ disease, score }) => [disease, score]))
    const theirs = await running().graph.scores(symptoms)
    assert.deepEqual(new Map(theirs.map(({ disease, score }) => [disease, score])), ours)
    if (article === undefined) continue
    const names = symptoms.map((id) => facts.findings.find((one) => one.id === id)?.name.en)
    const asPrinted = await run(printedCypher(article).query, { symptoms: names })
    const byName = new Map(facts.conditions.map(({ id, name }) => [name.en, ours.get(id)]))
    for (const { disease, score } of asPrinted) assert.equal(score, byName.get(String(disease)))
    assert.equal(asPrinted.length, ours.size)
  }
})

test('another version replaces the graph whole', { skip }, async () => {
  const seed = await readSeed()
  const knowledge = compileKnowledge(8, seed.rows)
  const { symptoms, diseases } = symptomEdgesOf(knowledge)
  await running().graph.load({ symptoms, diseases, edges: [{ symptom: 'cough', disease: 'urti', p: 0.6 }] })
  assert.deepEqual(await running().graph.scores(['cough']), [{ disease: 'urti', score: 1 }])
})

interface Suggested {
  readonly engine: string
  readonly suggested_departments: readonly { readonly disease: string; readonly confidence: number }[]
}

test('the service keeps its knowledge in Neo4j and asks it, with the scores of its arrays', { skip }, async () => {
  const database = await testDatabase([triage.sql])
  const graph = openNeo4jGraph({ url: running().url, user: 'neo4j', password: 'neo4j' })
  const arrays = await startTriage(database.sql)
  const service = await startTriage(database.sql, undefined, { graph })
  try {
    const address = '/triage?scoring=article&graph=xinglin&limit=50'
    const ask = async (one: typeof service) =>
      (await one.ask(address, { payload: ['Cough', 'Fever'] })).body as Suggested
    const isLoaded = async () => Number((await run('MATCH ()-[r:PRESENTS_IN]->() RETURN count(r) AS n'))[0]?.n) > 1
    while (!(await isLoaded())) await delay(200)
    const [ours, theirs] = [await ask(arrays), await ask(service)]
    assert.deepEqual([ours.engine, theirs.engine], ['arrays', 'neo4j'])
    const scores = ({ suggested_departments: all }: Suggested) =>
      new Map(all.map((one) => [one.disease, one.confidence]))
    assert.deepEqual(scores(theirs), scores(ours))
  } finally {
    await service.close()
    await arrays.close()
    await database.close()
  }
})
