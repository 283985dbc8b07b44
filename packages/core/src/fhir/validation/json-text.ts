// Reads a resource as JSON text and says what JSON.parse keeps silent about or is too strict on: names given twice, comments.
import type { Issue } from '../../errors/index.ts'

/** A text read as JSON: its value unless it is none, and what is to be said about the text. */
export interface ReadText {
  readonly value?: unknown
  readonly issues: readonly Issue[]
}

const tokens = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\/|[{}[\]:,]/g
const mostDuplicates = 20

interface Scan {
  /** Comments become spaces, so that positions stay. */
  readonly text: string
  readonly hasComments: boolean
  readonly duplicates: readonly string[]
}

/** The names that the innermost open object has so far; null inside of an array. */
type Names = Set<string> | null

/** Walks over the tokens of the text. Linear. */
function scan(text: string): Scan {
  const duplicates: string[] = []
  const open: Names[] = []
  const parts: string[] = []
  let end = 0
  let expectsName = false
  let hasComments = false
  for (const { 0: token, index } of text.matchAll(tokens)) {
    const first = token[0]
    if (first === '/') {
      hasComments = true
      parts.push(text.slice(end, index), token.replace(/[^\n]/g, ' '))
      end = index + token.length
    } else if (first === '"') {
      const names = open.at(-1)
      if (!expectsName || !names) continue
      const name = token.slice(1, -1)
      if (names.has(name) && duplicates.length < mostDuplicates) duplicates.push(name)
      names.add(name)
      expectsName = false
    } else if (first === '{' || first === '[') {
      open.push(first === '{' ? new Set() : null)
      expectsName = first === '{'
    } else if (first === '}' || first === ']') open.pop()
    else expectsName = first === ','
  }
  parts.push(text.slice(end))
  return { text: parts.join(''), hasComments, duplicates }
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

/** Reads JSON text; comments are passed over with a warning. */
export function readJsonText(source: string): ReadText {
  const { text, hasComments, duplicates } = scan(source.charCodeAt(0) === 0xfeff ? source.slice(1) : source)
  const issues = duplicates.map((name): Issue => {
    const diagnostics = `An object has the name '${name.slice(0, 80)}' twice; keep one of them.`
    return { severity: 'error', code: 'structure', rule: 'json.duplicate', diagnostics }
  })
  try {
    const value: unknown = JSON.parse(text)
    const diagnostics = 'JSON has no comments; they were passed over.'
    const comments: Issue = { severity: 'warning', code: 'structure', rule: 'json.comment', diagnostics }
    return { value, issues: hasComments ? [...issues, comments] : issues }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { issues: [malformed(error), ...issues] }
  }
}
