// Compiles the small FHIRPath grammar of the R4 search parameters into plain element paths of JSON, choice types expanded.
import type { Structures } from './structures.ts'

/** Places in JSON that an expression leads to, while it is being read. */
interface Place {
  /** Steps such as `component`, `valueQuantity`, `telecom[system=phone]`, `subject[>Patient]`, `entry[0]`. */
  readonly steps: readonly string[]
  readonly datatype: string
  /** Required code system of a `code`, when its value set has just one. */
  readonly system?: string
}

const tokenPattern =
  /\s*(?:(where)\(\s*resolve\(\)\s+is\s+([A-Za-z]+)\s*\)|(where)\(\s*([A-Za-z]+)\s*=\s*'([^']*)'\s*\)|(?:ofType|as)\(\s*([A-Za-z]+)\s*\)|as\s+([A-Za-z]+)|\[(\d+)\]|(%?[A-Za-z]+)|([().|]))/y

/** Compiles one expression for a resource type (or an element type, for parts of composites) to paths like `valueQuantity:Quantity`. */
export function compileExpression(expression: string, start: string, structures: Structures): readonly string[] {
  const notFalse = /^([A-Za-z]+)\.([A-Za-z]+)\.exists\(\) and \1\.\2 != false$/.exec(expression.trim())
  if (notFalse?.[2] !== undefined) {
    const names = structures.children(start, notFalse[2]).map((child) => child.name)
    return [`?${names.join(',')}:boolean`]
  }
  return splitUnion(expression).flatMap((part) => {
    const places = read(part, start, structures)
    return places.map(writePath)
  })
}

function writePath(place: Place): string {
  const system = place.datatype === 'code' && place.system !== undefined ? `@${place.system}` : ''
  return `${place.steps.join('.')}:${place.datatype}${system}`
}

/** The parts of a union, e.g. `Patient.name | Person.name`. */
export function splitUnion(expression: string): readonly string[] {
  return expression
    .split('|')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** The type that a part of a union begins with, e.g. `Patient` of `(Patient.deceased as dateTime)`. */
export function rootOf(part: string): string | undefined {
  return /^\(*\s*([A-Z][A-Za-z]*)/.exec(part)?.[1]
}

function read(part: string, start: string, structures: Structures): readonly Place[] {
  tokenPattern.lastIndex = 0
  let places: readonly Place[] = [{ steps: [], datatype: start }]
  let isFirst = true
  while (tokenPattern.lastIndex < part.trimEnd().length) {
    const token = tokenPattern.exec(part)
    if (token === null) throw new Error(`cannot read the expression ${part}`)
    const [, , resolves, , key, value, call, keyword, index, name, punctuation] = token
    const chosen = call ?? keyword
    if (punctuation === '|') throw new Error(`a nested union is not read: ${part}`)
    if (resolves !== undefined) places = places.map((place) => filtered(place, `>${resolves}`))
    else if (key !== undefined) places = places.map((place) => filtered(place, `${key}=${value}`))
    else if (index !== undefined) places = places.map((place) => filtered(place, index))
    else if (chosen !== undefined) places = places.filter((place) => isType(place.datatype, chosen))
    else if (name === '%resource') places = [{ steps: ['/'], datatype: structures.resourceOf(start) }]
    else if (name !== undefined && !(isFirst && /^[A-Z]/.test(name))) {
      places = places.flatMap((place) => step(place, name, structures))
    }
    if (name !== undefined) isFirst = false
  }
  return places
}

// A value of a narrower type is one of the wider type, too (http://hl7.org/fhir/R4/datatypes.html).
const widerType: Readonly<Record<string, string>> = {
  canonical: 'uri',
  url: 'uri',
  oid: 'uri',
  uuid: 'uri',
  Age: 'Quantity',
  Count: 'Quantity',
  Distance: 'Quantity',
  Duration: 'Quantity',
}

// The specification itself writes `DateTime` for `dateTime` in one place.
function isType(datatype: string, chosen: string): boolean {
  const isSame = datatype.toLowerCase() === chosen.toLowerCase()
  return isSame || widerType[datatype]?.toLowerCase() === chosen.toLowerCase()
}

function filtered(place: Place, filter: string): Place {
  const last = place.steps.at(-1) ?? ''
  return { ...place, steps: [...place.steps.slice(0, -1), `${last}[${filter}]`] }
}

function step(place: Place, name: string, structures: Structures): readonly Place[] {
  return structures.children(place.datatype, name).map((child) => ({
    steps: [...place.steps, child.name],
    datatype: child.datatype,
    ...(child.system === undefined ? {} : { system: child.system }),
  }))
}
