// The headers that the edge itself puts on an answer, kept apart until it is known who writes the answer's head: Node sets one
// header after the other at several times the cost of a list.
import type { ServerResponse } from 'node:http'
import type { Fields } from './http1/index.ts'

/** The edge's own headers of one answer. A class, because every request has one. */
export class EdgeFields {
  readonly #list: string[] = []

  /** Sets a header; `name` in lower case. */
  set(name: string, value: string): void {
    for (let at = 0; at < this.#list.length; at += 2) {
      if (this.#list[at] !== name) continue
      this.#list[at + 1] = value
      return
    }
    this.#list.push(name, value)
  }

  /** Sets several: names and values in turn. */
  setAll(fields: Fields): void {
    for (let at = 0; at < fields.length; at += 2) this.set(fields[at] ?? '', fields[at + 1] ?? '')
  }

  /** Hands them to an answer that is written in this process. */
  applyTo(response: ServerResponse): void {
    for (let at = 0; at < this.#list.length; at += 2) response.setHeader(this.#list[at] ?? '', this.#list[at + 1] ?? '')
  }

  /**
   * Adds them to the headers of a service's answer, names and values in turn, except where the service says the same itself;
   * what answers vary with adds up.
   */
  addTo(fields: string[]): string[] {
    const { length } = fields
    for (let at = 0; at < this.#list.length; at += 2) {
      const [name = '', value = ''] = [this.#list[at], this.#list[at + 1]]
      if (name === 'vary' || !hasName(fields, name, length)) fields.push(name, value)
    }
    return fields
  }
}

function hasName(fields: readonly string[], name: string, length: number): boolean {
  for (let at = 0; at < length; at += 2) if (fields[at] === name) return true
  return false
}
