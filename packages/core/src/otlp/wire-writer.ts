// Protobuf into one growing buffer: every request of a busy system passes here, so nothing is allocated for a field. Mutates its own
// buffer.

const firstBytes = 65_536
const lengthBytes = 4
const encoder = new TextEncoder()

/** Writes the fields of messages one after the other. */
export class WireWriter {
  #bytes = new Uint8Array(firstBytes)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }

  #varint(value: number): void {
    let rest = value
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#at++] = rest
  }

  /** A whole number from 0 to 2^53. */
  integer(field: number, value: number): void {
    this.#room(16)
    this.#varint(field * 8)
    this.#varint(value)
  }

  /** An int64: negative numbers take ten bytes. */
  signed(field: number, value: number): void {
    if (value >= 0) {
      this.integer(field, value)
      return
    }
    this.#room(16)
    this.#varint(field * 8)
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest > 127n) {
      this.#bytes[this.#at++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.#bytes[this.#at++] = Number(rest)
  }

  /** A fixed64 of nanoseconds, from milliseconds with fractions. */
  nanoseconds(field: number, ms: number): void {
    const whole = Math.floor(ms)
    const nanos = BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6))
    this.#room(16)
    this.#varint(field * 8 + 1)
    this.#view.setBigUint64(this.#at, nanos, true)
    this.#at += 8
  }

  /** A fixed64 count. */
  fixed(field: number, value: number): void {
    this.#room(16)
    this.#varint(field * 8 + 1)
    this.#view.setBigUint64(this.#at, BigInt(value), true)
    this.#at += 8
  }

  double(field: number, value: number): void {
    this.#room(16)
    this.#varint(field * 8 + 1)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  /** Bytes from hex digits. */
  hex(field: number, digits: string): void {
    const count = digits.length / 2
    this.#room(count + 8)
    this.#varint(field * 8 + 2)
    this.#varint(count)
    for (let index = 0; index < digits.length; index += 2) {
      this.#bytes[this.#at++] = Number.parseInt(digits.slice(index, index + 2), 16)
    }
  }

  text(field: number, value: string): void {
    this.#room(value.length * 3 + 16)
    this.#varint(field * 8 + 2)
    // Room for the length is kept and moved together afterwards: most texts need one byte of it.
    const start = this.#at + (value.length * 3 > 127 ? lengthBytes : 1)
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(start))
    this.#varint(written)
    if (this.#at !== start) this.#bytes.copyWithin(this.#at, start, start + written)
    this.#at += written
  }

  /** A message whose fields `write` writes. */
  message(field: number, write: () => void): void {
    this.#room(16)
    this.#varint(field * 8 + 2)
    const start = this.#at + lengthBytes
    this.#at = start
    write()
    const length = this.#at - start
    this.#at = start - lengthBytes
    this.#varint(length)
    this.#bytes.copyWithin(this.#at, start, start + length)
    this.#at += length
  }

  /** Packed fixed64 counts. */
  fixedList(field: number, values: readonly number[]): void {
    this.#room(values.length * 8 + 16)
    this.#varint(field * 8 + 2)
    this.#varint(values.length * 8)
    for (const value of values) {
      this.#view.setBigUint64(this.#at, BigInt(value), true)
      this.#at += 8
    }
  }

  /** Packed doubles. */
  doubleList(field: number, values: readonly number[]): void {
    this.#room(values.length * 8 + 16)
    this.#varint(field * 8 + 2)
    this.#varint(values.length * 8)
    for (const value of values) {
      this.#view.setFloat64(this.#at, value, true)
      this.#at += 8
    }
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at)
  }
}
