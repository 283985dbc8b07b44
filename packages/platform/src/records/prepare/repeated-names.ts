// JSON.parse keeps the last of two members of one name, so that the first would be lost without a word. Two parsers may
// also disagree about which counts. Such bodies are refused (RFC 8259, section 4: names should be unique).
import { AppError } from '@xinglin/core/errors'

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a

/**
 * Refuses a text whose objects name more members than the parsed value has.
 * @param text valid JSON
 * @param names how many members the parsed objects have in all
 * @throws AppError 'malformed-body' naming the first repeated name
 */
export function refuseRepeatedNames(text: string, names: number): void {
  if (!isSpaced.test(text) && countSeparators(text) === names) return
  const name = repeatedName(text)
  if (name === undefined) return
  throw new AppError('malformed-body', `The body names ${JSON.stringify(name.slice(0, 60))} twice in one object`)
}

// Where a blank stands before a colon, or a text looks as if it held a name, the exact way decides.
const isSpaced = /"[ \t\r\n]+:/

// No fewer than there are names: each but the spaced ones is followed by `":`.
function countSeparators(text: string): number {
  let count = 0
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) count += 1
  return count
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1
  return at + 1
}

/** The first name that an object of the valid JSON text has twice. Linear in the length of the text. */
function repeatedName(text: string): string | undefined {
  const open: Set<string>[] = []
  let at = 0
  while (at < text.length) {
    const character = text[at]
    if (character === '{') open.push(new Set())
    else if (character === '}') open.pop()
    if (character !== '"') {
      at += 1
      continue
    }
    const end = endOfString(text, at)
    let next = end
    while (isBlank(text.charCodeAt(next))) next += 1
    if (text.charCodeAt(next) === colon) {
      const name = JSON.parse(text.slice(at, end)) as string // a string of valid JSON
      const names = open.at(-1)
      if (names?.has(name) === true) return name
      names?.add(name)
    }
    at = end
  }
  return undefined
}
