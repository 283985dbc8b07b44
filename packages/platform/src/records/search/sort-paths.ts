// Translates the plain part of FHIRPath that search parameters are written in to SQL/JSON paths, for sorting by codes.

const step = /^[A-Za-z]+$/
const equalityFilter = /\.where\(\s*([A-Za-z]+)\s*=\s*'([^']*)'\s*\)/g
const cast = /^\(?\s*([A-Z][A-Za-z]+(?:\.[A-Za-z]+)+)\s+as\s+([A-Za-z]+)\s*\)?$/
const castCall = /\.(?:as|ofType)\(\s*([A-Za-z]+)\s*\)/g

/** The SQL/JSON paths (lax mode) under which the codes of an expression are found, or undefined where it is not plain. */
export function contentPaths(expression: string): readonly string[] | undefined {
  const roots = expression.split('|').map((part) => rootPath(part.trim()))
  if (roots.some((root) => root === undefined)) return undefined
  return roots.flatMap((root) => (root === undefined ? [] : leaves(root)))
}

// A code is the element itself, or sits in its coding, code or value, as its datatype has it.
function leaves(root: string): readonly string[] {
  const scalar = `${root} ? (@.type() == "string" || @.type() == "boolean" || @.type() == "number")`
  return [
    scalar,
    `${root}.coding.code`,
    `${root}.code ? (@.type() == "string")`,
    `${root}.value ? (@.type() == "string")`,
  ]
}

function rootPath(expression: string): string | undefined {
  const [, path, type] = cast.exec(expression) ?? []
  const plain = path === undefined || type === undefined ? expression : `${path}.as(${type})`
  const filters: string[] = []
  const withoutFilters = plain.replace(equalityFilter, (_match, element: string, value: string) => {
    filters.push(` ? (@.${element} == ${JSON.stringify(value)})`)
    return `.Filter${'x'.repeat(filters.length)}`
  })
  const chosen = withoutFilters.replace(castCall, (_match, datatype: string) => `~${datatype}`)
  const [, ...steps] = chosen.split('.')
  return steps.length === 0 ? undefined : joinSteps(steps, filters)
}

function joinSteps(steps: readonly string[], filters: readonly string[]): string | undefined {
  const parts: string[] = ['$']
  for (const text of steps) {
    const filter = /^Filter(x+)$/.exec(text)
    const [element, datatype] = text.split('~')
    if (filter) parts.push(filters[(filter[1]?.length ?? 0) - 1] ?? '')
    else if (element === undefined || !step.test(element)) return undefined
    else parts.push(`.${element}${datatype === undefined ? '' : datatype.charAt(0).toUpperCase() + datatype.slice(1)}`)
  }
  return parts.join('')
}
