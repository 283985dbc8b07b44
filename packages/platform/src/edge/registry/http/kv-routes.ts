// /v1/kv: reading and writing keys.
import { badRequest, ConsulError } from '../consul-error.ts'
import { keyValueText } from '../shapes.ts'
import { changeRegistry } from '../store/changes.ts'
import {
  deleteKey,
  deletePrefix,
  type KeyWrite,
  prefixIndex,
  readKey,
  readKeyNames,
  readPrefix,
  writeKey,
} from '../store/kv-store.ts'
import { type Answer, type AnswerHeaders, jsonAnswer } from './answer.ts'
import { indexHeaders } from './blocking.ts'
import { maxValueBytes, readBytes } from './body.ts'
import { readFlag, readWhole } from './query.ts'
import { type Call, type Route, type RouteParts, readIndexed } from './route.ts'

const maxKeyBytes = 1024
/** Below it lie settings that every process of the system follows. */
const systemPrefix = 'xinglin/'
const maxFlags = 2n ** 64n - 1n
const maxSeparatorLength = 64

function keyOf(call: Call, mayBeEmpty = false): string {
  const key = call.params['key'] ?? ''
  if (key === '' && !mayBeEmpty) throw badRequest('Missing key name')
  if (Buffer.byteLength(key) > maxKeyBytes) throw badRequest(`The key is longer than ${maxKeyBytes} bytes`)
  return key
}

function demandMay(parts: RouteParts, call: Call, isSystems: boolean): void {
  if (!isSystems || parts.mayConfigure(call)) return
  const how = 'use `xinglin config`, or set REGISTRY_TOKEN and send it as X-Consul-Token'
  throw new ConsulError(403, `Permission denied: keys below ${systemPrefix} are settings of the system; ${how}`)
}

const missing = (headers: AnswerHeaders): Answer => ({ kind: 'text', status: 404, text: '', headers })

async function getOne(parts: RouteParts, call: Call): Promise<Answer> {
  const key = keyOf(call)
  const isRaw = readFlag(call.query, 'raw')
  const { index, value: entry } = await readIndexed(parts, call, {
    interest: { kind: 'key', key },
    read: async () => {
      const found = await readKey(parts.sql, key)
      return { index: found.index, value: found.entry, isMissing: found.entry === undefined }
    },
  })
  const headers = indexHeaders(index)
  if (entry === undefined) return missing(headers)
  if (!isRaw) return { kind: 'encoded', status: 200, text: `[${keyValueText(entry)}]`, headers }
  // A stored page must never run in a browser as if it were ours.
  return {
    kind: 'bytes',
    status: 200,
    bytes: entry.value,
    headers: { ...headers, 'content-security-policy': 'sandbox' },
  }
}

async function getMany(parts: RouteParts, call: Call, prefix: string): Promise<Answer> {
  const { index, value: entries } = await readIndexed(parts, call, {
    interest: { kind: 'prefix', prefix },
    read: async () => {
      const at = await prefixIndex(parts.sql, prefix)
      const found = await readPrefix(parts.sql, prefix)
      return { index: at, value: found, isMissing: found.length === 0 }
    },
  })
  const headers = indexHeaders(index)
  if (entries.length === 0) return missing(headers)
  return { kind: 'encoded', status: 200, text: `[${entries.map(keyValueText).join(',')}]`, headers }
}

async function getNames(parts: RouteParts, call: Call, prefix: string): Promise<Answer> {
  const separator = call.query.get('separator') ?? ''
  if (separator.length > maxSeparatorLength) {
    throw badRequest(`Invalid value for ?separator: at most ${maxSeparatorLength} characters`)
  }
  const { index, value: names } = await readIndexed(parts, call, {
    interest: { kind: 'prefix', prefix },
    read: async () => {
      const at = await prefixIndex(parts.sql, prefix)
      const found = await readKeyNames(parts.sql, prefix, separator)
      return { index: at, value: found, isMissing: found.length === 0 }
    },
  })
  return names.length === 0 && prefix !== '' ? missing(indexHeaders(index)) : jsonAnswer(names, indexHeaders(index))
}

async function get(parts: RouteParts, call: Call): Promise<Answer> {
  if (readFlag(call.query, 'recurse')) return getMany(parts, call, keyOf(call, true))
  if (readFlag(call.query, 'keys')) return getNames(parts, call, keyOf(call, true))
  return getOne(parts, call)
}

function readFlags(query: URLSearchParams): string {
  const text = query.get('flags') ?? ''
  if (text === '') return '0'
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= maxFlags) return BigInt(text).toString()
  throw badRequest('Invalid value for ?flags: it must be a whole number from 0 to 18446744073709551615')
}

function refuseConflicts(query: URLSearchParams): void {
  const given = ['cas', 'acquire', 'release'].filter((name) => query.has(name))
  if (given.length > 1) throw badRequest(`Conflicting flags: ${given.join(', ')}`)
}

async function put(parts: RouteParts, call: Call): Promise<Answer> {
  const key = keyOf(call)
  demandMay(parts, call, key.startsWith(systemPrefix))
  const { query } = call
  refuseConflicts(query)
  const cas = readWhole(query, 'cas')
  const acquire = query.get('acquire')
  const release = query.get('release')
  const write: KeyWrite = {
    key,
    flags: readFlags(query),
    value: await readBytes(call.request, maxValueBytes),
    ...(cas === undefined ? {} : { cas }),
    ...(acquire === null ? {} : { acquire }),
    ...(release === null ? {} : { release }),
  }
  return jsonAnswer(await changeRegistry(parts.sql, (change) => writeKey(change, write)))
}

async function remove(parts: RouteParts, call: Call): Promise<Answer> {
  const { sql } = parts
  const cas = readWhole(call.query, 'cas')
  if (readFlag(call.query, 'recurse')) {
    if (cas !== undefined) throw badRequest('Conflicting flags: cas, recurse')
    const prefix = keyOf(call, true)
    demandMay(parts, call, prefix.startsWith(systemPrefix))
    await changeRegistry(sql, async (change) => {
      if (systemPrefix.startsWith(prefix))
        demandMay(parts, call, (await readKeyNames(change.tx, systemPrefix, '')).length > 0)
      await deletePrefix(change, prefix)
    })
    return jsonAnswer(true)
  }
  const key = keyOf(call)
  demandMay(parts, call, key.startsWith(systemPrefix))
  return jsonAnswer(await changeRegistry(sql, (change) => deleteKey(change, key, cas)))
}

/** The routes below `/v1/kv`. */
export const kvRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/kv/*key', query: ['raw', 'recurse', 'keys', 'separator'], handle: get },
  { method: 'PUT', path: '/v1/kv/*key', query: ['flags', 'cas', 'acquire', 'release'], handle: put },
  { method: 'DELETE', path: '/v1/kv/*key', query: ['cas', 'recurse'], handle: remove },
]
