// What reads take of the parameters of a search: `_summary` and `_elements`.
import { AppError } from '@xinglin/core/errors'
import { parseSearch, type SearchQuery } from '@xinglin/core/fhir/search'
import { isSubset, subset } from './elements.ts'

/** How a record is to be cut down; undefined leaves it whole. Throws `unknown-parameter` for any other parameter. */
export function readShape(type: string, pairs: readonly (readonly [string, string])[]): SearchQuery | undefined {
  const asked = pairs.filter(([name]) => name !== '_format' && name !== '_pretty')
  if (asked.length === 0) return undefined
  const stranger = asked.find(([name]) => name !== '_summary' && name !== '_elements')
  if (stranger !== undefined) {
    throw new AppError(
      'unknown-parameter',
      `A read takes _summary, _elements, _format and _pretty, not ${stranger[0].slice(0, 60)}`,
    )
  }
  return parseSearch({ types: [type], parameters: asked, lenient: false })
}

/** The content in that shape. */
export function shaped(content: string, shape: SearchQuery | undefined): string {
  return shape !== undefined && isSubset(shape) ? subset(content, shape) : content
}
