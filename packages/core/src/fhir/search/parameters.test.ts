// Every official R4 parameter is there and leads to places in JSON; the fhirpath engine finds the same values.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { sampleExamples } from './official-examples.test.ts'
import {
  compartmentParameters,
  compartmentTypes,
  definitionsOf,
  resourceTypes,
  searchParameter,
  searchParametersOf,
} from './parameters.ts'
import { parseSearch } from './parse.ts'
import { parsePath, readValues } from './paths.ts'

/** Parameters without values in a resource, each with its reason. */
const withoutPaths: Readonly<Record<string, string>> = {
  _text: 'full text of the narrative: no expression',
  _content: 'full text of the resource: no expression',
  _query: 'names a query, not a value',
  near: 'a distance, which is asked of the Location only with coordinates',
}

test('every expression of every R4 search parameter leads to places', () => {
  let count = 0
  for (const type of resourceTypes) {
    for (const definition of definitionsOf(type).values()) {
      count += 1
      if (definition.code in withoutPaths) continue
      assert.ok(definition.paths.length > 0, `${type}.${definition.code}: ${definition.expression}`)
      for (const component of definition.components) {
        assert.ok(component.paths.length > 0, `${type}.${definition.code}: ${component.code}`)
      }
    }
  }
  assert.ok(count > 2900, `only ${count} parameters`)
})

test('every parameter that is told to clients can be searched', () => {
  const value = { token: 'x', string: 'x', reference: 'x', date: '2020', number: '1', quantity: '1', uri: 'urn:x' }
  for (const type of resourceTypes) {
    for (const { code, type: kind } of searchParametersOf(type)) {
      const pair = kind === 'composite' ? [`${code}:missing`, 'true'] : [code, value[kind as keyof typeof value]]
      const parameters = [pair as [string, string]]
      assert.doesNotThrow(() => parseSearch({ types: [type], parameters, lenient: false }), `${type}?${pair.join('=')}`)
    }
  }
})

test('the table is what the generator makes of the published definitions', () => {
  const script = new URL('../../../../../scripts/generate-search-parameters.ts', import.meta.url)
  const output = execFileSync(process.execPath, [fileURLToPath(script), '--check'], { encoding: 'utf8' })
  assert.match(output, /up to date/)
})

test('compartments list reference parameters of each type', () => {
  assert.deepEqual([...compartmentTypes].sort(), ['Device', 'Encounter', 'Patient', 'Practitioner', 'RelatedPerson'])
  assert.deepEqual(
    compartmentParameters('Patient', 'Observation').map((parameter) => parameter.code),
    ['subject', 'performer'],
  )
  assert.deepEqual(compartmentParameters('Patient', 'Organization'), [])
  for (const compartment of compartmentTypes) {
    for (const type of resourceTypes) {
      for (const parameter of compartmentParameters(compartment, type)) assert.equal(parameter.type, 'reference')
    }
  }
})

test('only parameters of R4 itself are known', () => {
  assert.equal(searchParameter('ServiceRequest', 'order-detail'), undefined)
  assert.equal(searchParameter('Nothing', 'code'), undefined)
  assert.equal(searchParameter('constructor', 'code'), undefined)
})

// The engine cannot look references up; for literal ones the type stands in their text.
function withoutResolve(expression: string): string {
  return expression.replace(/where\(resolve\(\) is ([A-Za-z]+)\)/g, "where(reference.startsWith('$1/') or type = '$1')")
}

test('the fhirpath engine finds the same values in the official examples', (context) => {
  const examples = sampleExamples(250, 3)
  if (examples.length === 0) return context.skip('the examples are not installed: npm install hl7.fhir.r4.examples')
  const compiled = new Map<string, ReturnType<typeof fhirpath.compile>>()
  let valuesSeen = 0
  for (const resource of examples) {
    for (const definition of definitionsOf(resource.resourceType).values()) {
      if (definition.type === 'composite' || definition.paths.length === 0) continue
      const key = `${resource.resourceType}.${definition.code}`
      const evaluate = compiled.get(key) ?? fhirpath.compile(withoutResolve(definition.expression), r4)
      compiled.set(key, evaluate)
      const expected = new Set((evaluate(resource) as readonly unknown[]).map((value) => JSON.stringify(value)))
      const found = readValues(definition.paths.map(parsePath), resource, resource)
      valuesSeen += found.length
      for (const { value } of found)
        assert.ok(expected.has(JSON.stringify(value)), `${key} of ${resource.id}: too much`)
      const missing = expected.size - new Set(found.map(({ value }) => JSON.stringify(value))).size
      if (missing > 0) assert.ok(isPartOfChoice(key), `${key} of ${resource.id}: ${missing} values are missing`)
    }
  }
  assert.ok(valuesSeen > 2000, `only ${valuesSeen} values compared`)
})

/** Choices whose expression names all datatypes although the kind of parameter cannot hold them all, e.g. a date as a string. */
function isPartOfChoice(key: string): boolean {
  const choices = [
    'CarePlan.activity-date',
    'Consent.source-reference',
    'Immunization.date',
    'AllergyIntolerance.onset',
  ]
  return [...choices, 'Procedure.date', 'MedicationKnowledge.ingredient', 'Group.value'].includes(key)
}
