// Splits the values of search parameters, in which `\,` `\|` `\$` and `\\` stand for the characters themselves.

/** Splits at an unescaped separator; escapes of other characters stay for a later split. */
export function splitEscaped(text: string, separator: ',' | '|' | '$'): readonly string[] {
  if (!text.includes('\\')) return text.split(separator)
  const parts: string[] = []
  let start = 0
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1
    else if (text[index] === separator) {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/** Takes the backslashes of escapes away. A backslash before any other character stands for itself. */
export function unescapeValue(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,|$\\])/g, '$1') : text
}

/** Writes a text so that it is taken literally in a search value. */
export function escapeValue(text: string): string {
  return text.replace(/[,|$\\]/g, (character) => `\\${character}`)
}
