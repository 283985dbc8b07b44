// SHA-256 (FIPS 180-4), synchronous: the proofs of the audit trail are checked with it in the browser itself. Not for secrets.

// First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, section 4.2.2).
const primes = firstPrimes(64)
const constants = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)))
const start = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))
const blockBytes = 64
const lengthBytes = 8

function firstPrimes(count: number): readonly number[] {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  }
  return found
}

function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 0x1_0000_0000)
}

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

function padded(bytes: Uint8Array): DataView {
  const blocks = Math.ceil((bytes.length + 1 + lengthBytes) / blockBytes)
  const whole = new Uint8Array(blocks * blockBytes)
  whole.set(bytes)
  whole[bytes.length] = 0x80
  const view = new DataView(whole.buffer)
  view.setBigUint64(whole.length - lengthBytes, BigInt(bytes.length) * 8n)
  return view
}

// Mutates `words`, which it was given for this.
function expand(words: Uint32Array, view: DataView, offset: number): void {
  for (let i = 0; i < 16; i += 1) words[i] = view.getUint32(offset + 4 * i)
  for (let i = 16; i < 64; i += 1) {
    const near = words[i - 2] ?? 0
    const far = words[i - 15] ?? 0
    const s0 = rotate(far, 7) ^ rotate(far, 18) ^ (far >>> 3)
    const s1 = rotate(near, 17) ^ rotate(near, 19) ^ (near >>> 10)
    words[i] = (words[i - 16] ?? 0) + s0 + (words[i - 7] ?? 0) + s1
  }
}

type State = [number, number, number, number, number, number, number, number]

function round([a, b, c, d, e, f, g, h]: State, constant: number, word: number): State {
  const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
  const first = (h + s1 + ((e & f) ^ (~e & g)) + constant + word) | 0
  const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
  const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
  return [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g]
}

/** The hash of some bytes: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes)
  const hash = start.slice()
  const words = new Uint32Array(64)
  for (let offset = 0; offset < view.byteLength; offset += blockBytes) {
    expand(words, view, offset)
    let state = [...hash] as State
    for (let i = 0; i < 64; i += 1) state = round(state, constants[i] ?? 0, words[i] ?? 0)
    for (const [index, word] of state.entries()) hash[index] = (hash[index] ?? 0) + word
  }
  const out = new DataView(new ArrayBuffer(hash.byteLength))
  for (const [index, word] of hash.entries()) out.setUint32(4 * index, word)
  return new Uint8Array(out.buffer)
}
