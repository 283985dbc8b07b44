// Cuts a filter expression into words, texts and signs (pure).
import { badRequest } from '../consul-error.ts'

/** One token: a bare word (also a number), a quoted text, or a sign. */
export interface Token {
  readonly kind: 'word' | 'text' | 'sign'
  readonly text: string
  /** Where it begins, from 1. */
  readonly at: number
}

const maxLength = 1024
const pattern = /\s*(?:("(?:[^"\\]|\\.)*")|`([^`]*)`|([A-Za-z0-9_:/+-][A-Za-z0-9_:/.+-]*)|(==|!=|[()[\].]))/y

/** A refusal of an expression. */
export const filterFault = (at: number, says: string) => badRequest(`Invalid filter: at character ${at}: ${says}`)

function unquote(quoted: string, at: number): string {
  try {
    return String(JSON.parse(quoted))
  } catch (cause) {
    throw Object.assign(filterFault(at, 'the text is not well quoted'), { cause })
  }
}

/** Cuts an expression. @throws ConsulError 400 naming the place */
export function tokensOf(expression: string): readonly Token[] {
  if (expression.length > maxLength) throw badRequest(`Invalid filter: longer than ${maxLength} characters`)
  const tokens: Token[] = []
  const reader = new RegExp(pattern)
  const end = expression.trimEnd().length
  while (reader.lastIndex < end) {
    const from = reader.lastIndex
    const match = reader.exec(expression)
    if (match === null)
      throw filterFault(from + 1, `${JSON.stringify(expression.slice(from, from + 12))} is not understood`)
    const [whole, quoted, raw, word, sign] = match
    const at = from + 1 + whole.length - whole.trimStart().length
    if (quoted !== undefined) tokens.push({ kind: 'text', text: unquote(quoted, at), at })
    else if (raw !== undefined) tokens.push({ kind: 'text', text: raw, at })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at })
    else tokens.push({ kind: 'sign', text: sign ?? '', at })
  }
  return tokens
}
