// SHA-1 of bytes, for Attachment.hash (http://hl7.org/fhir/R4/datatypes.html#Attachment). The platform's own digest is
// asynchronous in browsers, and validation is not.

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** Appends the 1 bit, zeros and the length in bits, up to whole blocks of 64 bytes (FIPS 180-4, 5.1.1). */
function padded(bytes: Uint8Array): DataView {
  const whole = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  whole.set(bytes)
  whole[bytes.length] = 0x80
  const view = new DataView(whole.buffer)
  view.setUint32(whole.length - 8, Math.floor(bytes.length / 0x2000_0000))
  view.setUint32(whole.length - 4, (bytes.length << 3) >>> 0)
  return view
}

function roundOf(index: number, b: number, c: number, d: number): number {
  if (index < 20) return ((b & c) | (~b & d)) + 0x5a827999
  if (index < 40) return (b ^ c ^ d) + 0x6ed9eba1
  if (index < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
  return (b ^ c ^ d) + 0xca62c1d6
}

/** Gives the 20 bytes of the SHA-1 digest. */
export function sha1(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes)
  const state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0])
  const words = new Int32Array(80)
  for (let offset = 0; offset < view.byteLength; offset += 64) mixBlock(view, offset, words, state)
  const digest = new DataView(new ArrayBuffer(20))
  for (const [index, word] of state.entries()) digest.setInt32(index * 4, word)
  return new Uint8Array(digest.buffer)
}

// Mutates words and state: this is the hot loop.
function mixBlock(view: DataView, offset: number, words: Int32Array, state: Int32Array): void {
  const at = (index: number): number => words[index] as number // all indexes are below 80
  for (let index = 0; index < 16; index += 1) words[index] = view.getInt32(offset + index * 4)
  for (let index = 16; index < 80; index += 1) {
    words[index] = rotate(at(index - 3) ^ at(index - 8) ^ at(index - 14) ^ at(index - 16), 1)
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state
  for (let index = 0; index < 80; index += 1) {
    const next = (rotate(a, 5) + roundOf(index, b, c, d) + e + at(index)) | 0
    e = d
    d = c
    c = rotate(b, 30)
    b = a
    a = next
  }
  for (const [index, word] of [a, b, c, d, e].entries()) state[index] = ((state[index] ?? 0) + word) | 0
}
