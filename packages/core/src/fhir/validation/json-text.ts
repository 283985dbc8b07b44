// Reads a resource as JSON text and says what JSON.parse keeps silent about or is too strict on: names given twice, comments.
import type { Issue } from '../../errors/index.ts'

/** A text read as JSON: its value unless it is none, and what is to be said about the text. */
export interface ReadText {
  readonly value?: unknown
  readonly issues: readonly Issue[]
}

const mostDuplicates = 20

/** The position behind the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

/** The position behind the comment that begins at `start`; undefined when none does. */
function endOfComment(text: string, start: number): number | undefined {
  const isBlock = text[start + 1] === '*'
  if (!isBlock && text[start + 1] !== '/') return undefined
  const end = isBlock ? text.indexOf('*/', start + 2) + 2 : text.indexOf('\n', start)
  return end < (isBlock ? 2 : 0) ? text.length : end
}

/** Puts spaces in place of comments, so that positions stay. Linear. */
function withoutComments(text: string): string {
  const parts: string[] = []
  let kept = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') at = endOfString(text, at) - 1
    const end = text[at] === '/' ? endOfComment(text, at) : undefined
    if (end === undefined) continue
    parts.push(text.slice(kept, at), text.slice(at, end).replace(/[^\n]/g, ' '))
    kept = end
    at = end - 1
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(kept)
}

/** Gives the names that an object of a sound JSON text has twice. Linear. */
function duplicateNames(text: string): readonly string[] {
  const duplicates: string[] = []
  // The names of each open object; null for an array.
  const open: (Set<string> | null)[] = []
  let expectsName = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (char === '"') {
      const end = endOfString(text, at)
      const names = open.at(-1)
      const name = text.slice(at + 1, end - 1)
      if (expectsName && names?.has(name)) duplicates.push(name)
      if (expectsName) names?.add(name)
      expectsName = false
      at = end - 1
    } else if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : null)
      expectsName = char === '{'
    } else if (char === '}' || char === ']') open.pop()
    else if (char === ',') expectsName = open.at(-1) !== null
  }
  return duplicates
}

function malformed(error: SyntaxError): Issue {
  const where = /position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0]
  const at = where === undefined ? '' : ` at ${where}`
  return {
    severity: 'error',
    code: 'structure',
    rule: 'json.form',
    diagnostics: `The text is not JSON${at}; mend it there.`,
  }
}

function duplicated(name: string): Issue {
  const diagnostics = `An object has the name '${name.slice(0, 80)}' twice; keep one of them.`
  return { severity: 'error', code: 'structure', rule: 'json.duplicate', diagnostics }
}

const commented: Issue = {
  severity: 'warning',
  code: 'structure',
  rule: 'json.comment',
  diagnostics: 'JSON has no comments; they were passed over.',
}

/** Reads JSON text; comments are passed over with a warning. */
export function readJsonText(source: string): ReadText {
  const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source
  const plain = withoutComments(text)
  try {
    const value: unknown = JSON.parse(plain)
    const issues = duplicateNames(plain).slice(0, mostDuplicates).map(duplicated)
    return { value, issues: plain === text ? issues : [...issues, commented] }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { issues: [malformed(error)] }
  }
}
