// Searches by values that a resource has, found by the FHIRPath engine and written as the standard says: no part of the index takes part.
import type { Resource } from '@xinglin/core/fhir'
import type { SearchParameter } from '@xinglin/core/fhir/search'
import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { valueTexts } from './search-value-texts.ts'

/** A search that must find the resource which it was made of. */
export interface Question {
  readonly type: string
  /** Code with modifier, e.g. `name:exact`. */
  readonly name: string
  readonly value: string
}

/** A parameter with the parts of a composite. */
export type ParameterWithParts = SearchParameter & {
  readonly components: readonly Pick<SearchParameter, 'code' | 'type' | 'expression'>[]
}

const valuesPerParameter = 4

type Evaluate = (resource: unknown, environment?: Record<string, unknown>) => readonly unknown[]
// Compiling costs more than running; expressions are few and constant.
const compiled = new Map<string, Evaluate>()

// The engine cannot look references up; for literal ones the type stands in their text.
function withoutResolve(expression: string): string {
  return expression.replace(/where\(resolve\(\) is ([A-Za-z]+)\)/g, "where(reference.startsWith('$1/') or type = '$1')")
}

// The engine cannot unite quantities that have a comparator, so each part of a union runs on its own.
function evaluate(expression: string, on: unknown, resource: Resource): readonly unknown[] {
  return expression.split(' | ').flatMap((part) => evaluatePart(part, on, resource))
}

function evaluatePart(expression: string, on: unknown, resource: Resource): readonly unknown[] {
  const known = compiled.get(expression)
  const run = known ?? (fhirpath.compile(withoutResolve(expression), r4) as Evaluate)
  compiled.set(expression, run)
  return run(on, { resource })
}

/** Searches by the values that the resource has for the parameter; empty where it has none. */
export function questionsOf(resource: Resource, parameter: ParameterWithParts): readonly Question[] {
  const { code } = parameter
  const type = resource.resourceType
  const questions =
    parameter.type === 'composite'
      ? composites(resource, parameter).map((value) => ({ type, name: code, value }))
      : evaluate(parameter.expression, resource, resource)
          .slice(0, valuesPerParameter)
          .flatMap((value) => valueTexts(parameter, value))
          .map(({ modifier, text }) => ({ type, name: `${code}${modifier}`, value: text }))
  return questions.filter(({ value }) => value.trim() !== '' && value.length < 2000)
}

// The first value of each part, of the same element.
function composites(resource: Resource, parameter: ParameterWithParts): readonly string[] {
  const elements = evaluate(parameter.expression, resource, resource).slice(0, valuesPerParameter)
  return elements.flatMap((element) => {
    const parts = parameter.components.map((component) => {
      const [value] = evaluate(component.expression, element, resource)
      const texts = value === undefined ? [] : valueTexts({ ...component, targets: [] }, value)
      return texts.find(({ modifier }) => modifier === '')?.text
    })
    return parts.every((part) => part !== undefined) ? [parts.join('$')] : []
  })
}
