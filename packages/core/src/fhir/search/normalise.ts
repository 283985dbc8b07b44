// The form in which strings are indexed and asked for: compatible characters made one, no marks, lower case, single spaces.

/** Longest normalised text; what is beyond does not take part in a search. PostgreSQL refuses index keys above 2.7 kB. */
export const maxNormalisedLength = 600

// Letters that Unicode does not take apart into a base letter and a mark.
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
}

/** Normalises a text for string search; doing it twice changes nothing. */
export function normaliseText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return shorten(collapse(text.toLowerCase()))
  const folded = text
    .toWellFormed()
    // Marks go in any case; long runs of them would make normalize() quadratic.
    .replace(/\p{M}/gu, '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßæœøđðþłħı]/g, (letter) => plainLetters[letter] ?? letter)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[\p{Cc}\p{Z}]+/gu, ' ')
    // Between Chinese characters a space carries no meaning.
    .replace(/(?<=\p{Script=Han}) (?=\p{Script=Han})/gu, '')
  return shorten(collapse(folded))
}

function collapse(text: string): string {
  return text.includes('  ') || text.startsWith(' ') || text.endsWith(' ') ? text.replace(/ +/g, ' ').trim() : text
}

function shorten(text: string): string {
  return text.length <= maxNormalisedLength ? text : text.slice(0, maxNormalisedLength).toWellFormed().trimEnd()
}

/** Whether a text has a Chinese character. */
export function hasHan(text: string): boolean {
  return /\p{Script=Han}/u.test(text)
}
