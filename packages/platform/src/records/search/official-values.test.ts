// Each R4 search parameter of each type: a search by a value that an official example has finds it, and finds nothing that the
// in-memory meaning of the search does not match; every parameter sorts without losing a record.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Resource } from '@xinglin/core/fhir'
import { matches, parseSearch, searchKnowledge } from '@xinglin/core/fhir/search'
import { definitionsOf } from '../../../../core/src/fhir/search/parameters.ts'
import { officialExamples } from '../../testing/official-examples.ts'
import { type StoreFixture, storeFixture } from '../../testing/record-store.ts'
import { type Question, questionsOf } from '../../testing/search-questions.ts'
import { createSearch, type Search } from './search.ts'

// The whole package by hand: XINGLIN_EXAMPLES=900, fewer than a page holds
const perType = Number(process.env['XINGLIN_EXAMPLES'] ?? 1)
const isSample = perType < 4
// R4 lets this choice be a free text too, which is no date even where it looks like one.
const freeText: ReadonlySet<string> = new Set(['CarePlan.activity-date'])
const baseUrl = 'http://127.0.0.1/fhir'
const shared: { store?: StoreFixture; search?: Search; stored: Resource[] } = { stored: [] }

before(async () => {
  const store = await storeFixture()
  const knowledge = searchKnowledge(baseUrl)
  const search = createSearch({ sql: store.database.sql, knowledge, cursorKey: 'a test key' })
  Object.assign(shared, { store, search })
  for (const resource of officialExamples({ perType, seed: 20_161_124 })) {
    const target = { type: resource.resourceType, id: resource.id ?? '' }
    const { version } = await store.records.update(store.context('system'), {
      target,
      content: JSON.stringify(resource),
    })
    shared.stored.push(JSON.parse(version?.content ?? 'null') as Resource)
  }
})
after(() => shared.store?.close())

async function idsFound(type: string, parameters: readonly (readonly [string, string])[]): Promise<readonly string[]> {
  assert.ok(shared.search && shared.store)
  const query = parseSearch({
    types: [type],
    parameters: [...parameters, ['_count', '1000'], ['_elements', 'id']],
    lenient: false,
    baseUrl,
  })
  const call = {
    holder: 'test',
    access: shared.store.context('system').access.read,
    baseUrl,
    selfUrl: `${baseUrl}/${type}`,
  }
  const { bundle } = await shared.search.search(query, call)
  const { entry = [] } = JSON.parse(bundle) as { readonly entry?: readonly { readonly resource: Resource }[] }
  return entry.map(({ resource }) => resource.id ?? '')
}

/** Ids of the examples that match, decided in memory. */
function idsMatching(examples: readonly Resource[], { type, name, value }: Question): readonly string[] {
  const query = parseSearch({ types: [type], parameters: [[name, value]], lenient: false, baseUrl })
  return examples.filter((resource) => matches(query, resource, baseUrl)).map((resource) => resource.id ?? '')
}

const byType = () => Map.groupBy(shared.stored, (resource) => resource.resourceType)

test('a search by a value that a resource has finds it, and nothing that does not match', async (context) => {
  if (shared.stored.length === 0)
    return context.skip('the examples are not installed: npm install hl7.fhir.r4.examples')
  const parametersAsked = new Set<string>()
  const faults: string[] = []
  const count = { questions: 0 }
  for (const [type, examples] of byType()) {
    const asked = new Set<string>()
    for (const resource of examples) {
      for (const parameter of definitionsOf(type).values()) {
        const key = `${type}.${parameter.code}`
        if (parameter.paths.length === 0 || parameter.code === '_id' || freeText.has(key)) continue
        for (const question of questionsOf(resource, parameter)) {
          parametersAsked.add(key)
          const text = `${question.name}=${question.value}`
          if (asked.has(text)) continue
          asked.add(text)
          count.questions += 1
          faults.push(...(await faultsOf(question, resource, examples)))
        }
      }
    }
  }
  context.diagnostic(
    `${shared.stored.length} examples, ${parametersAsked.size} parameters of types, ${count.questions} searches`,
  )
  assert.deepEqual(faults.slice(0, 40), [], `${faults.length} faults`)
  assert.ok(parametersAsked.size > 1000, `only ${parametersAsked.size} parameters were asked`)
})

async function faultsOf(
  question: Question,
  resource: Resource,
  examples: readonly Resource[],
): Promise<readonly string[]> {
  const said = `${question.type}?${question.name}=${question.value} of ${resource.id}`
  try {
    const found = await idsFound(question.type, [[question.name, question.value]])
    if (!found.includes(resource.id ?? '')) return [`${said}: not found`]
    const expected = idsMatching(examples, question)
    const isSame = found.length === expected.length && new Set([...found, ...expected]).size === found.length
    return isSame ? [] : [`${said}: found ${found.length}, ${expected.length} match`]
  } catch (error) {
    return [`${said}: ${error instanceof Error ? error.message : error}`]
  }
}

test('every parameter sorts and loses no record', async (context) => {
  if (shared.stored.length === 0)
    return context.skip('the examples are not installed: npm install hl7.fhir.r4.examples')
  const faults: string[] = []
  const count = { sorts: 0 }
  for (const [type, examples] of byType()) {
    const all = examples.map((resource) => resource.id ?? '').toSorted()
    for (const parameter of definitionsOf(type).values()) {
      if (parameter.paths.length === 0 || parameter.type === 'composite') continue
      count.sorts += 1
      for (const sign of isSample ? [count.sorts % 2 === 0 ? '' : '-'] : ['', '-']) {
        const sort = `${sign}${parameter.code}`
        const found = await idsFound(type, [['_sort', sort]]).catch((error: Error) => [error.message])
        if (found.toSorted().join() !== all.join()) faults.push(`${type}?_sort=${sort}: ${found.slice(0, 3)}`)
      }
    }
  }
  assert.deepEqual(faults.slice(0, 40), [], `${faults.length} faults`)
})
