// Keys and values of a registry in Consul's HTTP shape: follows all below a prefix, and sets or removes one.
import { AppError } from '@xinglin/core/errors'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Clock, Logger } from '../../kernel/ports.ts'
import { follow } from './blocking-query.ts'
import { type ConsulAddress, createConsulHttp } from './consul-http.ts'

/** Values by key without the prefix. */
export type KeyValues = ReadonlyMap<string, string>

/** What is followed, and who is told. */
export interface KeyFollowing {
  readonly address: ConsulAddress
  /** E.g. `xinglin/config/`. */
  readonly prefix: string
  readonly log: Logger
  readonly clock: Clock
  /** Told all values at the first answer and at each change. */
  readonly onValues: (values: KeyValues) => void
}

/** The keys below one prefix, for a command. */
export interface KeyStore {
  list(): Promise<KeyValues>
  set(key: string, value: string): Promise<void>
  remove(key: string): Promise<void>
  close(): Promise<void>
}

const entries = Type.Array(Type.Object({ Key: Type.String(), Value: Type.Union([Type.String(), Type.Null()]) }))
const callLimitMs = 5000

function readKeys(prefix: string, status: number, text: string): KeyValues {
  if (status === 404) return new Map() // Consul's answer where there is no key yet
  if (status !== 200) throw new AppError('unavailable', `The registry answered ${status}`)
  const parsed: unknown = JSON.parse(text)
  if (!Value.Check(entries, parsed)) throw new AppError('unavailable', 'The registry answered something else than keys')
  const decode = (value: string | null): string => Buffer.from(value ?? '', 'base64').toString('utf8')
  return new Map(parsed.map(({ Key, Value: value }) => [Key.slice(prefix.length), decode(value)]))
}

const pathOf = (key: string): string => `/v1/kv/${key.split('/').map(encodeURIComponent).join('/')}`

/** Begins to follow; the result ends it. @throws AppError 'invalid-parameter' when the address cannot be one */
export function followKeys({ address, prefix, log, clock, onValues }: KeyFollowing): () => Promise<void> {
  const closing = new AbortController()
  const http = createConsulHttp(address, closing.signal)
  const stop = follow(
    {
      path: pathOf(prefix),
      parameters: ['recurse'],
      about: { keys: prefix },
      onAnswer: ({ status, text }) => onValues(readKeys(prefix, status, text)),
    },
    { http, log, clock },
  )
  return async () => {
    closing.abort()
    await stop()
    await http.close()
  }
}

/** Opens the keys below a prefix. @throws AppError 'invalid-parameter' when the address cannot be one */
export function openKeys(address: ConsulAddress, prefix: string): KeyStore {
  const closing = new AbortController()
  const http = createConsulHttp(address, closing.signal)
  const change = async (key: string, parameters: string, body?: string): Promise<void> => {
    const path = `${pathOf(`${prefix}${key}`)}${parameters}`
    const method = body === undefined ? 'DELETE' : 'PUT'
    const { status, text } = await http.call({
      method,
      path,
      timeoutMs: callLimitMs,
      ...(body === undefined ? {} : { text: body }),
    })
    if (status === 200 && text.trim() === 'true') return
    throw new AppError('unavailable', `The registry did not take the key ${prefix}${key} (it answered ${status})`)
  }
  return {
    async list() {
      const { status, text } = await http.call({
        method: 'GET',
        path: `${pathOf(prefix)}?recurse`,
        timeoutMs: callLimitMs,
      })
      return readKeys(prefix, status, text)
    },
    set: (key, value) => change(key, '', value),
    remove: (key) => change(key, ''),
    async close() {
      closing.abort()
      await http.close()
    },
  }
}
