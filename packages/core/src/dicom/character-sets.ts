// Text of DICOM in its character sets (PS3.3 section C.12.1.1.2): single-byte sets, ISO 2022 extensions, GB18030, GBK and UTF-8.

/** Reads bytes as text. */
export type TextReader = (bytes: Uint8Array) => string

// Labels of https://encoding.spec.whatwg.org; ISO 8859-1 is read as windows-1252, which differs in control codes only.
const labels: Readonly<Record<string, string>> = {
  'IR 6': 'iso-8859-1',
  'IR 100': 'iso-8859-1',
  'IR 101': 'iso-8859-2',
  'IR 109': 'iso-8859-3',
  'IR 110': 'iso-8859-4',
  'IR 144': 'iso-8859-5',
  'IR 127': 'iso-8859-6',
  'IR 126': 'iso-8859-7',
  'IR 138': 'iso-8859-8',
  'IR 148': 'windows-1254',
  'IR 203': 'iso-8859-15',
  'IR 13': 'shift_jis',
  'IR 166': 'windows-874',
  'IR 192': 'utf-8',
  'IR 87': 'iso-2022-jp',
  'IR 159': 'iso-2022-jp',
  'IR 149': 'euc-kr',
  'IR 58': 'gbk',
  GB18030: 'gb18030',
  GBK: 'gbk',
}
const fallback = 'iso-8859-1'
const escapeByte = 0x1b
const maxAsciiBytes = 256
const multiByte: readonly string[] = ['IR 87', 'IR 159', 'IR 149', 'IR 58']

const termOf = (name: string): string =>
  name
    .trim()
    .toUpperCase()
    .replace(/^ISO[ _]2022 /, '')
    .replace(/^ISO_IR[ _]?/, 'IR ')

// ISO 2022 switches sets by escapes. The Korean and Chinese sets lie in the upper half, so that their decoder needs no escapes.
function withoutEscapes(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(escapeByte)) return bytes
  const kept: number[] = []
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== escapeByte) {
      kept.push(bytes[at] ?? 0)
      continue
    }
    at++
    while (at < bytes.length && (bytes[at] ?? 0) >= 0x20 && (bytes[at] ?? 0) <= 0x2f) at++ // intermediates; then one final byte
  }
  return Uint8Array.from(kept)
}

// ASCII means the same in every set but for escapes; a TextDecoder costs more than so short a loop.
function asciiText(bytes: Uint8Array): string | undefined {
  if (bytes.length > maxAsciiBytes) return undefined
  let text = ''
  for (const byte of bytes) {
    if (byte > 0x7e || byte === escapeByte) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

/** The reader for the values of SpecificCharacterSet (0008,0005); unknown sets are read as ISO 8859-1. */
export function textReader(sets: readonly string[]): TextReader {
  const terms = sets.map(termOf)
  const chosen = terms.find((term) => multiByte.includes(term)) ?? terms.find((term) => labels[term] !== undefined)
  const label = labels[chosen ?? ''] ?? fallback
  const decoder = new TextDecoder(label)
  const hasEscapes = label === 'gbk' || label === 'euc-kr'
  return (bytes) => asciiText(bytes) ?? decoder.decode(hasEscapes ? withoutEscapes(bytes) : bytes)
}
