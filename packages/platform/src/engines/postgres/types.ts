// How PostgreSQL values arrive: int8 as number within the safe range, dates as text, all else as pg does it.
import pg from 'pg'

const int8 = 20
const int8Array = 1016
const date = 1082

function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw new RangeError('A bigint of the database is outside the safe range of numbers')
  return value
}

const textArray: number = 1009
const parseArray = pg.types.getTypeParser(textArray, 'text') as (text: string) => readonly (string | null)[]

function safeIntegers(text: string): readonly (number | null)[] {
  return parseArray(text).map((item) => (item === null ? null : safeInteger(item)))
}

/** Parsers handed to every connection instead of changing pg's global table. */
export const typeParsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
    if (oid === int8) return safeInteger
    if (oid === int8Array) return safeIntegers
    if (oid === date) return String
    return pg.types.getTypeParser(oid, format === 'binary' ? 'text' : format) as (text: string) => unknown // text only: no query asks for binary
  },
}
