// Turns the places of a parameter's values into SQL/JSON paths, for sorting by codes and uris.

// Where the code of a datatype sits; primitives are codes themselves.
const codeOf: Readonly<Record<string, string>> = {
  CodeableConcept: '.coding.code',
  Coding: '.code',
  Identifier: '.value',
  ContactPoint: '.value',
}

/** The SQL/JSON paths (lax mode) of the codes at a parameter's places, such as `telecom[system=phone]:ContactPoint`. */
export function contentPaths(places: readonly string[]): readonly string[] {
  return places.map(contentPath)
}

function contentPath(text: string): string {
  const colon = text.indexOf(':')
  const place = text.slice(0, colon)
  if (place.startsWith('?')) return existence(place.slice(1).split(','))
  const [datatype = ''] = text.slice(colon + 1).split('@')
  const steps = place.split('.').map(stepPath).join('')
  return `$${steps}${codeOf[datatype] ?? '[*]'}`
}

function stepPath(text: string): string {
  const [, name = text, filter = ''] = /^([A-Za-z]+)(?:\[(.*)\])?$/.exec(text) ?? []
  if (filter === '') return `.${name}`
  if (/^\d+$/.test(filter)) return `.${name}[${filter}]`
  const [key = '', wanted = ''] = filter.split('=')
  return `.${name} ? (@.${key} == ${JSON.stringify(wanted)})`
}

// `X.exists() and X != false`: a value other than false at any of the elements.
function existence(names: readonly string[]): string {
  return names.map((name) => `exists($.${name} ? (@.type() != "boolean" || @ == true))`).join(' || ')
}
