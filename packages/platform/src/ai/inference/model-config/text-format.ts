// Protobuf text format (protobuf.dev/reference/protobuf/textformat-spec): reads it into fields, without knowing any message (pure).
import { invalid, type TritonError } from '../protocol/triton-error.ts'

/** A scalar as written: a quoted text, or a bare word or number. */
export interface TextScalar {
  readonly kind: 'text' | 'word'
  readonly value: string
  readonly line: number
}

/** Fields of a message in their order; a field may come several times. */
export interface TextMessage {
  readonly kind: 'message'
  readonly fields: readonly TextField[]
  readonly line: number
}

/** One field. */
export interface TextField {
  readonly name: string
  readonly value: TextScalar | TextMessage
}

interface Token {
  readonly kind: 'text' | 'word' | 'mark' | 'end'
  readonly value: string
  readonly line: number
}

const maxCharacters = 262_144
const maxDepth = 16
const pattern = /\s+|#[^\n]*|"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|[A-Za-z0-9_.+-]+|[{}<>[\]:,;]/y
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' }

function fault(line: number, message: string): TritonError {
  return invalid(`config.pbtxt, line ${line}: ${message}`)
}

function unquote(text: string, line: number): string {
  return text.slice(1, -1).replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_whole, code: string) => {
    const known = escapes[code]
    if (known !== undefined) return known
    if (code.startsWith('x') && code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    if (/^[0-7]+$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 255)
    throw fault(line, `the escape \\${code} is not known`)
  })
}

function tokenOf(text: string, line: number): Token | undefined {
  const first = text[0] ?? ''
  if (/[\s#]/.test(first)) return undefined
  if (first === '"' || first === "'") return { kind: 'text', value: unquote(text, line), line }
  return { kind: /[{}<>[\]:,;]/.test(first) ? 'mark' : 'word', value: text, line }
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  let line = 1
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex
    const found = pattern.exec(text)?.[0]
    if (found === undefined) throw fault(line, `${JSON.stringify(text[at])} is not expected here`)
    const token = tokenOf(found, line)
    if (token !== undefined) tokens.push(token)
    line += found.split('\n').length - 1
  }
  return [...tokens, { kind: 'end', value: 'the end', line }]
}

interface Reader {
  readonly tokens: readonly Token[]
  at: number
}

const peek = (reader: Reader): Token => reader.tokens[reader.at] ?? { kind: 'end', value: 'the end', line: 0 }

function take(reader: Reader): Token {
  const token = peek(reader)
  reader.at += 1
  return token
}

function takeMark(reader: Reader, marks: string): string | undefined {
  const { kind, value } = peek(reader)
  if (kind !== 'mark' || !marks.includes(value)) return undefined
  reader.at += 1
  return value
}

function readScalar(reader: Reader): TextScalar {
  const first = take(reader)
  if (first.kind !== 'text' && first.kind !== 'word') throw fault(first.line, `${first.value} is no value`)
  const parts = [first.value]
  // Texts that follow each other are one.
  while (first.kind === 'text' && peek(reader).kind === 'text') parts.push(take(reader).value)
  return { kind: first.kind, value: parts.join(''), line: first.line }
}

function readValue(reader: Reader, depth: number): TextScalar | TextMessage {
  const open = takeMark(reader, '{<')
  if (open === undefined) return readScalar(reader)
  return readMessage(reader, open === '{' ? '}' : '>', depth + 1)
}

function readValues(reader: Reader, name: Token, depth: number): readonly (TextScalar | TextMessage)[] {
  const hasColon = takeMark(reader, ':') !== undefined
  if (takeMark(reader, '[') === undefined) {
    const { kind, value } = peek(reader)
    if (!hasColon && !(kind === 'mark' && '{<'.includes(value))) throw fault(name.line, `${name.value} lacks its colon`)
    return [readValue(reader, depth)]
  }
  const values: (TextScalar | TextMessage)[] = []
  while (takeMark(reader, ']') === undefined) {
    values.push(readValue(reader, depth))
    if (takeMark(reader, ',') === undefined && peek(reader).value !== ']') {
      throw fault(peek(reader).line, `a list goes on with a comma or ends with ], not ${peek(reader).value}`)
    }
  }
  return values
}

function readMessage(reader: Reader, close: string, depth: number): TextMessage {
  const { line } = peek(reader)
  if (depth > maxDepth) throw fault(line, `messages are nested deeper than ${maxDepth}`)
  const fields: TextField[] = []
  while (takeMark(reader, close) === undefined) {
    const name = take(reader)
    if (name.kind === 'end' && close === '') break
    if (name.kind !== 'word') throw fault(name.line, `the name of a field is expected, not ${name.value}`)
    for (const value of readValues(reader, name, depth)) fields.push({ name: name.value, value })
    takeMark(reader, ',;')
  }
  return { kind: 'message', fields, line }
}

/** Reads a text. @throws TritonError INVALID_ARG that names the line */
export function readTextFormat(text: string): TextMessage {
  if (text.length > maxCharacters) throw invalid(`config.pbtxt is longer than ${maxCharacters} characters`)
  return readMessage({ tokens: tokenize(text), at: 0 }, '', 0)
}
