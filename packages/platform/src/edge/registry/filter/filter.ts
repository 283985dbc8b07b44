// Consul's filter expressions in their simple forms: comparison, membership, emptiness, joined by and, or, not (pure).
import { badRequest } from '../consul-error.ts'
import { compare, contains, isEmptyAt, type Matcher, type Selector, typeAt } from './matchers.ts'
import { filterFault, type Token, tokensOf } from './tokens.ts'

interface Reader {
  readonly tokens: readonly Token[]
  /** An object of the kind that will be filtered; a field it lacks is unknown. */
  readonly sample: unknown
  at: number
  depth: number
}

const maxDepth = 16
const end: Token = { kind: 'sign', text: 'the end', at: 0 }

const peek = (reader: Reader): Token => reader.tokens[reader.at] ?? end

function fault(reader: Reader, says: string): Error {
  const token = peek(reader)
  return token === end ? badRequest(`Invalid filter: at the end: ${says}`) : filterFault(token.at, says)
}

function takeWord(reader: Reader, ...words: readonly string[]): boolean {
  const isNext = words.every((word, index) => {
    const token = reader.tokens[reader.at + index]
    return token !== undefined && token.kind !== 'text' && token.text.toLowerCase() === word
  })
  if (isNext) reader.at += words.length
  return isNext
}

function readValue(reader: Reader): string {
  const token = peek(reader)
  if (token === end || token.kind === 'sign') throw fault(reader, 'a value is expected')
  reader.at += 1
  return token.text
}

// `Service.Meta.version`, also `Service.Meta["app.version"]`.
function readSelector(reader: Reader): Selector {
  const first = peek(reader)
  if (first.kind !== 'word') throw fault(reader, 'the name of a field is expected')
  reader.at += 1
  const path = first.text.split('.')
  while (takeWord(reader, '[')) {
    path.push(readValue(reader))
    if (!takeWord(reader, ']')) throw fault(reader, '"]" is expected')
    if (takeWord(reader, '.')) path.push(...readValue(reader).split('.'))
  }
  const name = path.join('.')
  const type = typeAt(reader.sample, path)
  if (type === undefined) throw filterFault(first.at, `there is no field ${name.slice(0, 64)} that can be compared`)
  return { path, type, name }
}

const negate =
  (matcher: Matcher): Matcher =>
  (item) =>
    !matcher(item)

function readMatchOf(reader: Reader, selector: Selector): Matcher {
  if (takeWord(reader, '==')) return compare(selector, readValue(reader))
  if (takeWord(reader, '!=')) return negate(compare(selector, readValue(reader)))
  if (takeWord(reader, 'is', 'empty')) return isEmptyAt(selector)
  if (takeWord(reader, 'is', 'not', 'empty')) return negate(isEmptyAt(selector))
  if (takeWord(reader, 'contains')) return contains(selector, readValue(reader))
  if (takeWord(reader, 'not', 'contains')) return negate(contains(selector, readValue(reader)))
  if (takeWord(reader, 'matches') || takeWord(reader, 'not', 'matches')) {
    throw fault(reader, 'regular expressions are not supported by this registry')
  }
  throw fault(reader, 'one of ==, !=, contains, in, is empty is expected')
}

function readMatch(reader: Reader): Matcher {
  const value = peek(reader)
  const after = [reader.tokens[reader.at + 1], reader.tokens[reader.at + 2]].map((one) => one?.text.toLowerCase())
  if (value !== end && value.kind !== 'sign' && (after[0] === 'in' || (after[0] === 'not' && after[1] === 'in'))) {
    reader.at += 1
    const isNegated = takeWord(reader, 'not')
    reader.at += 1
    const matcher = contains(readSelector(reader), value.text)
    return isNegated ? negate(matcher) : matcher
  }
  return readMatchOf(reader, readSelector(reader))
}

function readUnary(reader: Reader): Matcher {
  reader.depth += 1
  if (reader.depth > maxDepth) throw fault(reader, `expressions may be nested ${maxDepth} deep`)
  try {
    if (takeWord(reader, 'not')) return negate(readUnary(reader))
    if (!takeWord(reader, '(')) return readMatch(reader)
    const inner = readOr(reader)
    if (!takeWord(reader, ')')) throw fault(reader, '")" is expected')
    return inner
  } finally {
    reader.depth -= 1
  }
}

function readAnd(reader: Reader): Matcher {
  const all = [readUnary(reader)]
  while (takeWord(reader, 'and')) all.push(readUnary(reader))
  return (item) => all.every((matcher) => matcher(item))
}

function readOr(reader: Reader): Matcher {
  const any = [readAnd(reader)]
  while (takeWord(reader, 'or')) any.push(readAnd(reader))
  return (item) => any.some((matcher) => matcher(item))
}

/**
 * Compiles a filter for objects shaped like `sample`.
 * @throws ConsulError 400 naming the place where it is not understood
 */
export function compileFilter(expression: string, sample: unknown): Matcher {
  const reader: Reader = { tokens: tokensOf(expression), sample, at: 0, depth: 0 }
  const matcher = readOr(reader)
  if (peek(reader) !== end) throw fault(reader, '"and" or "or" is expected')
  return matcher
}
