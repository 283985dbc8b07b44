// OTLP is read as it is written, in both encodings, and what is not OTLP is refused within bounds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { messageWriter } from '../protobuf/index.ts'
import {
  OtlpFault,
  type OtlpSpan,
  readJsonMetrics,
  readJsonTraces,
  readMetrics,
  readTraces,
  spanKinds,
  writeJsonMetrics,
  writeJsonTraces,
  writeMetrics,
  writeTraces,
} from './index.ts'

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter((all) => all.some((byte) => byte > 0))
    .map((all) => Buffer.from(all).toString('hex'))
const value = fc.oneof(
  fc.string({ maxLength: 200, unit: 'grapheme' }),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
)
const attributes = fc
  .array(fc.tuple(fc.string({ maxLength: 30 }), value), { maxLength: 5 })
  .map((pairs) => pairs.flat())
const span: fc.Arbitrary<OtlpSpan> = fc.record(
  {
    traceId: hex(16),
    spanId: hex(8),
    parentId: fc.oneof(fc.constant(''), hex(8)),
    name: fc.string({ maxLength: 300, unit: 'grapheme' }),
    kind: fc.constantFrom(...spanKinds),
    startMs: fc.integer({ min: 1, max: 4e12 }),
    endMs: fc.integer({ min: 4e12, max: 5e12 }),
    attributes,
    failure: fc.constant(undefined),
  },
  { noNullPrototype: true },
)

test('spans are read as they were written', () => {
  fc.assert(
    fc.property(attributes, fc.array(span, { maxLength: 4 }), (resource, spans) => {
      const groups = [{ resource, scope: 'xinglin', spans }]
      assert.deepEqual(readTraces(writeTraces(groups)), groups)
      assert.deepEqual(readJsonTraces(JSON.parse(JSON.stringify(writeJsonTraces(groups)))), groups)
    }),
    { numRuns: 200, examples: [[['from', Number.NEGATIVE_INFINITY, 'to', Number.POSITIVE_INFINITY], []]] },
  )
})

test('a failed span has its error type as attribute and status', () => {
  const sent: OtlpSpan = {
    ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentId: '', name: 'GET /', kind: 'server' },
    ...{ startMs: 1_700_000_000_000.25, endMs: 1_700_000_000_001.5, attributes: [], failure: 'timeout' },
  }
  const [group] = readTraces(writeTraces([{ resource: [], scope: '', spans: [sent] }]))
  assert.deepEqual(group?.spans, [{ ...sent, attributes: ['error.type', 'timeout'] }])
})

test('JSON of the specification’s shape reads as the same', () => {
  const json = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'ward' } }] },
        scopeSpans: [
          {
            scope: { name: 'own' },
            spans: [
              {
                traceId: '5B8EFFF798038103D269B633813FC60C',
                spanId: 'EEE19B7EC3C1B174',
                name: 'round',
                kind: 2,
                startTimeUnixNano: '1544712660000000000',
                endTimeUnixNano: '1544712661500000000',
                attributes: [
                  { key: 'beds', value: { intValue: '12' } },
                  { key: 'shifts', value: { arrayValue: { values: [{ stringValue: 'day' }, { boolValue: true }] } } },
                ],
                status: { code: 2 },
              },
            ],
          },
        ],
      },
    ],
  }
  assert.deepEqual(readJsonTraces(json), [
    {
      resource: ['service.name', 'ward'],
      scope: 'own',
      spans: [
        {
          ...{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', parentId: '' },
          ...{ name: 'round', kind: 'server', startMs: 1544712660000, endMs: 1544712661500 },
          attributes: ['beds', 12, 'shifts', '["day",true]'],
          failure: '_OTHER',
        },
      ],
    },
  ])
})

test('metrics are read as they were written, in both encodings', () => {
  const sum = { attributes: ['http.route', '/'], atMs: 2000, value: 3 }
  const histogram = { attributes: [], atMs: 2000, value: 1.5, counts: [1, 2, 0], bounds: [0.1, 1] }
  const common = { help: 'h', unit: 's' }
  const groups = [
    {
      resource: ['service.name', 'ward'],
      metrics: [
        { ...common, name: 'a', kind: 'sum', isMonotonic: true, points: [sum] },
        { ...common, name: 'b', kind: 'histogram', isMonotonic: false, points: [histogram] },
        { ...common, name: 'c', kind: 'gauge', isMonotonic: false, points: [{ ...sum, value: -0.5 }] },
      ],
    },
  ] as const
  assert.deepEqual(readMetrics(writeMetrics(groups, 'xinglin', 1000)), groups)
  assert.deepEqual(readJsonMetrics(JSON.parse(JSON.stringify(writeJsonMetrics(groups, 'xinglin', 1000)))), groups)
  const dataPoints = [
    { attributes: [], timeUnixNano: '2000000000', sum: 1.5, bucketCounts: ['1', '2', '0'], explicitBounds: [0.1, 1] },
  ]
  const json = {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'b', unit: 's', histogram: { dataPoints } }] }] }],
  }
  assert.deepEqual(readJsonMetrics(json)[0]?.metrics[0]?.points, [histogram])
})

test('bytes and JSON that are not OTLP are refused as such, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      for (const read of [readTraces, readMetrics]) {
        try {
          read(bytes)
        } catch (error) {
          assert.ok(error instanceof OtlpFault, String(error))
        }
      }
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const read of [readJsonTraces, readJsonMetrics]) {
        try {
          read({ resourceSpans: value, resourceMetrics: value })
        } catch (error) {
          assert.ok(error instanceof OtlpFault, String(error))
        }
      }
    }),
  )
})

test('more spans than are taken at once are refused', () => {
  const one = writeTraces([{ resource: [], scope: '', spans: [] }])
  const spans = Array.from({ length: 20_001 }, () => ({
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    startTimeUnixNano: '1',
    endTimeUnixNano: '2',
  }))
  assert.deepEqual(readTraces(one), [{ resource: [], scope: '', spans: [] }])
  assert.throws(() => readJsonTraces({ resourceSpans: [{ scopeSpans: [{ spans }] }] }), /More than 20000/)
})

test('more empty messages than are taken at once are refused: each of two bytes would become an object', () => {
  const nested = (field: number, content: Uint8Array): Uint8Array => {
    const writer = messageWriter()
    writer.bytes(field, content)
    return writer.finish()
  }
  const empty = (field: number, count: number): Uint8Array =>
    Uint8Array.from({ length: 2 * count }, (_, at) => (at % 2 === 0 ? (field << 3) | 2 : 0))
  const scopes = (count: number): Uint8Array => nested(1, empty(2, count))
  const sent = [empty(1, 30_000), scopes(30_000), nested(1, nested(2, empty(3, 300_000)))]
  const many = Buffer.concat(Array.from({ length: 30 }, () => scopes(1000)))
  for (const bytes of [...sent, many, nested(1, nested(2, empty(2, 30_000)))]) {
    assert.throws(() => readTraces(bytes), OtlpFault)
    assert.throws(() => readMetrics(bytes), OtlpFault)
  }
  const groups = Array.from({ length: 30_000 }, () => ({ scopeSpans: [{}], scopeMetrics: [{ metrics: [{}] }] }))
  assert.throws(() => readJsonTraces({ resourceSpans: groups }), OtlpFault)
  assert.throws(() => readJsonMetrics({ resourceMetrics: groups }), OtlpFault)
  assert.equal(readTraces(empty(1, 10)).length, 0)
})

test('a value nested without end is cut, not followed', () => {
  const nest = (depth: number): Uint8Array => {
    const writer = messageWriter()
    if (depth === 0) writer.text(1, 'x')
    else writer.message(5, (inner) => inner.bytes(1, nest(depth - 1)))
    return writer.finish()
  }
  const writer = messageWriter()
  writer.message(1, (group) =>
    group.message(1, (resource) =>
      resource.message(1, (pair) => {
        pair.text(1, 'deep')
        pair.bytes(2, nest(200))
      }),
    ),
  )
  writer.message(1, (group) => group.message(2, () => undefined))
  assert.doesNotThrow(() => readTraces(writer.finish()))
})
