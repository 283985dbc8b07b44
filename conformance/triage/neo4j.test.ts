// The graph in a real Neo4j Community: the article's statements run as printed, and everything scores as our arrays do.
// Get Neo4j with conformance/triage/neo4j/install.sh (Maven, Java 17); the article's text is read where it is present.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
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

const here = fileURLToPath(new URL('./neo4j/', import.meta.url))
const lib = process.env.NEO4J_HARNESS ?? `${here}.neo4j/lib`
const isHere = existsSync(lib) && globSync('neo4j-harness-*.jar', { cwd: lib }).length > 0
const skip = isHere
  ? false
  : 'needs Neo4j Community: run conformance/triage/neo4j/install.sh (Maven and Java 17 or newer)'
const [articlePath] = globSync('seed/*.txt', { cwd: fileURLToPath(new URL('../../../shared/', import.meta.url)) })
const article =
  articlePath === undefined
    ? undefined
    : readFileSync(new URL(`../../../shared/${articlePath}`, import.meta.url), 'utf8')

interface Running {
  readonly child: ChildProcess
  readonly driver: Driver
  readonly url: string
  readonly graph: OpenSymptomGraph
}

const held: { running?: Running } = {}

function running(): Running {
  if (held.running === undefined) throw new Error('Neo4j has not started')
  return held.running
}

async function startNeo4j(): Promise<Running> {
  const flags = [
    '--add-opens=java.base/java.nio=ALL-UNNAMED',
    '--add-opens=java.base/java.lang=ALL-UNNAMED',
    '-Xmx768m',
  ]
  const child = spawn('java', [...flags, '-cp', `${lib}/*`, `${here}Server.java`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const [, url] = /^bolt (\S+)$/.exec(line) ?? []
    if (url === undefined) continue
    lines.close()
    child.stdout.resume()
    const driver = neo4j.driver(url, neo4j.auth.basic('neo4j', 'neo4j'))
    return { child, driver, url, graph: openNeo4jGraph({ url, user: 'neo4j', password: 'neo4j' }) }
  }
  throw new Error('Neo4j ended before it told its address')
}

/** The statements of the article's section 5.1, as printed; its query is the text between the quotes of the service's code. */
function printed(text: string): { readonly statements: readonly string[]; readonly query: string } {
  const from = text.indexOf('// 创建症状节点')
  const to = text.indexOf('分诊API逻辑', from)
  const block = text.slice(from, to)
  const query = /query = """([\s\S]*?)"""/.exec(text.slice(to))?.[1]
  assert.ok(from > 0 && to > from && query !== undefined, 'the article has its section 5.1')
  return {
    statements: block
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
    query,
  }
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
    if (isHere) held.running = await startNeo4j()
  },
  { timeout: 240_000 },
)

after(async () => {
  const { driver, graph, child } = held.running ?? {}
  await driver?.close()
  await graph?.close()
  if (child === undefined) return
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
})

test('the article’s statements and its query, as printed, score as ours do', {
  skip: skip || (article === undefined ? 'the article’s text is not here' : false),
}, async () => {
  const { statements, query } = printed(article ?? '')
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
    const asPrinted = await run(printed(article).query, { symptoms: names })
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
