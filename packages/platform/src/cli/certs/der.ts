// Writes ASN.1 in its distinguished encoding (X.690): as much as a certificate needs (pure).

const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const

// UTCTime has two digits for the year and means 1950 to 2049 (RFC 5280, 4.1.2.5.1).
const firstGeneralizedYear = 2050

function lengthOf(size: number): Buffer {
  if (size < 0x80) return Buffer.of(size)
  const hex = size.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes])
}

/** One element: tag, length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const size = content.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.of(tag), lengthOf(size), ...content])
}

/** An element with a context's own tag: `[0]`, `[3]`. */
export const explicit = (tag: number, content: Uint8Array): Buffer => element(0xa0 | tag, content)

/** A SEQUENCE. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(tags.sequence, ...parts)

/** A SET of one member. */
export const setOf = (part: Uint8Array): Buffer => element(tags.set, part)

/** A positive INTEGER of these bytes, the highest first. */
export function integer(bytes: Uint8Array): Buffer {
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0
  return element(tags.integer, isNegative ? Buffer.of(0) : Buffer.of(), bytes)
}

/** A BIT STRING of whole bytes, or one whose last bits are unused. */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  element(tags.bitString, Buffer.of(unusedBits), bytes)

/** An OCTET STRING. */
export const octetString = (bytes: Uint8Array): Buffer => element(tags.octetString, bytes)

/** A UTF8String. */
export const utf8 = (text: string): Buffer => element(tags.utf8, Buffer.from(text))

/** BOOLEAN true. */
export const isTrue = Buffer.from('0101ff', 'hex')

/** An OBJECT IDENTIFIER in its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc & 0x7f]
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80)
    return septets
  })
  return element(tags.oid, Buffer.from(bytes))
}

/** A time to the second, as certificates write it. */
export function time(at: Date): Buffer {
  const digits = `${at
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/\D/g, '')}Z`
  return at.getUTCFullYear() < firstGeneralizedYear
    ? element(tags.utcTime, Buffer.from(digits.slice(2)))
    : element(tags.generalizedTime, Buffer.from(digits))
}
