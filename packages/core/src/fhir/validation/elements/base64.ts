// base64 as FHIR takes it: groups of four characters, white space between them allowed.

const paddingCode = 61

function isBase64Code(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 43 ||
    code === 47
  )
}

const isSpaceCode = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** Tells what is wrong with a base64 text; linear, so that large attachments cost little. */
export function base64Fault(text: string): string | undefined {
  if (text.length === 0) return 'must not be empty; leave it out instead'
  let digits = 0
  let padding = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (isSpaceCode(code)) continue
    if (code === paddingCode) padding += 1
    else if (!isBase64Code(code))
      return `must be base64, but has the character '${text.charAt(index)}' at position ${index}`
    else if (padding > 0) return `must be base64, but goes on after its padding at position ${index}`
    else digits += 1
  }
  if ((digits + padding) % 4 !== 0 || padding > 2 || digits === 0) {
    return 'must be base64: its length without spaces is to be a multiple of 4'
  }
  return undefined
}

/** Decodes base64 that {@link base64Fault} has found sound. */
export function base64Bytes(text: string): Uint8Array {
  const binary = atob(text.replace(/\s+/g, ''))
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index)
  return bytes
}
