// The one node that stands for all registry processes of a database: they show the same services.
import { createHash } from 'node:crypto'

/** A node in Consul's words. */
export interface RegistryNode {
  readonly id: string
  readonly name: string
  readonly address: string
}

const name = 'xinglin'

/** The node of a registry that listens on `host`. */
export function nodeOf(host: string): RegistryNode {
  const hex = createHash('sha256').update(name).digest('hex')
  const id = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)]
  const isAny = host === '0.0.0.0' || host === '::'
  return { id: id.join('-'), name, address: isAny || host === 'localhost' ? '127.0.0.1' : host }
}
