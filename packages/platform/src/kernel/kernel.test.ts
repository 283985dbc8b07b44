// The small parts of the kernel: settings, ids, trace, internal token, log.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import type { Caller } from './caller.ts'
import { systemClock } from './clock.ts'
import { readSettings, type SpecsByOwner } from './config.ts'
import { createIds } from './ids.ts'
import { signInternalToken, verifyInternalToken } from './internal-token.ts'
import { createLogger } from './log.ts'
import { parseTraceparent, traceparent } from './trace.ts'

const specs = {
  gateway: {
    port: { env: 'PORT', kind: 'port', fallback: 8080, about: 'Where it listens' },
    secret: { env: 'SECRET', kind: 'text', min: 8, secret: true, about: 'A secret' },
    trust: { env: 'TRUST', kind: 'boolean', fallback: false, about: 'Whether' },
  },
  store: {
    pool: { env: 'POOL', kind: 'integer', fallback: 10, min: 1, max: 50, about: 'Connections' },
    names: { env: 'NAMES', kind: 'list', fallback: [], about: 'Names' },
    url: { env: 'URL', kind: 'text', about: 'Where' },
  },
} as const

test('reads settings with their types, defaults and lists, frozen', () => {
  const settings = readSettings(specs, { PORT: '0', TRUST: 'yes', NAMES: 'a, b  c', POOL: '' })
  assert.deepEqual(settings, {
    gateway: { port: 0, secret: undefined, trust: true },
    store: { pool: 10, names: ['a', 'b', 'c'], url: undefined },
  })
  assert.ok(Object.isFrozen(settings) && Object.isFrozen(settings.store))
})

test('names all faults of the environment at once and shows no secret', () => {
  const read = () => readSettings(specs, { PORT: '70000', SECRET: 'hush', TRUST: 'maybe', POOL: '3.5' })
  assert.throws(read, (error: unknown) => {
    assert.ok(error instanceof AppError)
    assert.equal(error.issues.length, 4)
    for (const name of ['PORT', 'SECRET', 'TRUST', 'POOL']) assert.match(error.message, new RegExp(name))
    assert.match(error.message, /PORT is "70000" and must be a whole number from 0 to 65535/)
    assert.doesNotMatch(error.message, /hush/)
    return true
  })
})

test('reads a setting by another name where its own is absent, in the meaning that the name has', () => {
  const named = {
    store: {
      url: { env: 'URL', also: { URL_HOST: (host) => `http://${host}:8500` }, kind: 'text', about: 'Where' },
      pool: { env: 'POOL', also: { CONNECTIONS: (text) => text }, kind: 'integer', about: 'Connections' },
    },
  } as const satisfies SpecsByOwner
  assert.equal(readSettings(named, { URL_HOST: ' consul ' }).store.url, 'http://consul:8500')
  assert.equal(readSettings(named, { URL: 'http://own', URL_HOST: 'consul' }).store.url, 'http://own')
  assert.throws(() => readSettings(named, { CONNECTIONS: 'many' }), /CONNECTIONS is "many" and must be a whole number/)
})

test('makes UUIDv7 that are valid, distinct and ordered, even when the clock goes back', () => {
  const times = [1_700_000_000_000, 1_700_000_000_000, 1_699_999_999_000]
  const ids = createIds({
    ...systemClock,
    now: () => new Date(times.length > 1 ? Number(times.shift()) : Number(times[0])),
  })
  const made = Array.from({ length: 10_000 }, () => ids.uuid())
  assert.match(made[0] ?? '', /^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(made, made.toSorted())
  assert.equal(new Set(made).size, made.length)
})

test('reads only valid trace headers and writes valid ones', () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const header = `00-${traceId}-b7ad6b7169203331-01`
  assert.deepEqual(parseTraceparent(header), { traceId, spanId: 'b7ad6b7169203331', isSampled: true })
  const invalid = [
    undefined,
    '',
    'x',
    `ff${header.slice(2)}`,
    `${header}-x`,
    header.toUpperCase(),
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  ]
  for (const one of invalid) assert.equal(parseTraceparent(one), undefined)
  assert.equal(parseTraceparent(traceparent(traceId))?.traceId, traceId)
})

const key = new Uint8Array(32).fill(1)
const caller: Caller = {
  subject: 'p',
  name: '张三',
  roles: ['patient'],
  scopes: ['patient/*.rs'],
  patient: '1',
  purpose: 'PATRQT',
}

test('carries a caller in an internal token for a minute and refuses every change of it', () => {
  const now = new Date('2026-01-01T00:00:00Z')
  const token = signInternalToken(caller, key, now)
  assert.deepEqual(verifyInternalToken(token, key, now), caller)
  const later = new Date(now.getTime() + 66_000)
  const [head, body, mac] = token.split('.')
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
  const wrong: readonly (readonly [string, Uint8Array, Date])[] = [
    [token, key, later],
    [token, key, new Date(now.getTime() - 60_000)],
    [token, new Uint8Array(32), now],
    [`${none}.${body}.`, key, now],
    [`${none}.${body}.${mac}`, key, now],
    [`${head}.${body}x.${mac}`, key, now],
    [`${head}.${body}.${mac?.slice(0, -1)}`, key, now],
    [signInternalToken({ ...caller, roles: ['root'] } as unknown as Caller, key, now), key, now],
    ['x'.repeat(100_000), key, now],
    ['', key, now],
  ]
  for (const [text, withKey, at] of wrong) {
    assert.throws(
      () => verifyInternalToken(text, withKey, at),
      (error) => error instanceof AppError && error.code === 'unauthenticated',
    )
  }
})

test('keeps persons and secrets out of the log', () => {
  const lines: string[] = []
  const log = createLogger({ level: 'info', write: (line) => lines.push(line) })
  const error = new SyntaxError('Unexpected token in {"family":"Zhang"}')
  log
    .child({ service: 'emr' })
    .error('failed', { error, token: 'Zhang', deep: { birthDate: 'Zhang', ok: 1 }, accessToken: 'Zhang' })
  log.debug('hidden')
  assert.equal(lines.length, 1)
  assert.doesNotMatch(lines[0] ?? '', /Zhang/)
  const line = JSON.parse(lines[0] ?? '')
  assert.deepEqual(
    [line.level, line.event, line.service, line.deep.ok, line.error.kind],
    ['error', 'failed', 'emr', 1, 'SyntaxError'],
  )
})
