// The 53-bit hashes that stand for parameters and values in the index. They are stored, so none of this may ever change.
// A string is mixed two characters at a time into two 32-bit lanes with the round and finaliser of MurmurHash3
// (A. Appleby, public domain); hashes are joined in order by `joinHash`, so a prefix is computed once and kept.

const laneA = 0xcc9e2d51
const laneB = 0x1b873593

function finish(lane: number): number {
  let mixed = lane
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

// 21 bits of one lane above the 32 of the other: 2^53 - 1 is the largest safe integer.
function compose(high: number, low: number): number {
  return (high & 0x1fffff) * 0x100000000 + (low >>> 0)
}

/** The hash of a text, over its UTF-16 code units; a safe integer from 0. */
export function stringHash(text: string): number {
  const length = text.length
  let a = 0x9747b28c ^ length
  let b = 0x3c6ef372 ^ length
  for (let index = 0; index < length; index += 2) {
    const pair = text.charCodeAt(index) | (index + 1 < length ? text.charCodeAt(index + 1) << 16 : 0)
    let k = Math.imul(pair, laneA)
    k = Math.imul((k << 15) | (k >>> 17), laneB)
    a ^= k
    a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0
    k = Math.imul(pair, 0x239b961b)
    k = Math.imul((k << 16) | (k >>> 16), 0xab0e9789)
    b ^= k
    b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x561ccd1b + a) | 0
  }
  return compose(finish(a ^ finish(b)), finish(b))
}

/** The hash of two hashes in this order. */
export function joinHash(first: number, second: number): number {
  const firstHigh = (first / 0x100000000) | 0
  const secondHigh = (second / 0x100000000) | 0
  const a = finish(Math.imul(first | 0, laneA) ^ Math.imul(secondHigh, 0x38b34ae5) ^ firstHigh)
  const b = finish(Math.imul(second | 0, laneB) ^ Math.imul(firstHigh, 0xa1e38b93) ^ secondHigh)
  const high = Math.imul(a ^ ((b << 11) | (b >>> 21)), 0x85ebca6b)
  return compose(finish(high + b), finish(Math.imul(b, 0xc2b2ae35) + a))
}
