// config.pbtxt: the text format as Triton writes it, defaults, refusals that name the place, and printing as the inverse of reading.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scaleGraph, sumGraph } from '../../../testing/onnx-samples.ts'
import { TritonError } from '../protocol/triton-error.ts'
import { chooseVersions } from '../repository/version-policy.ts'
import { completeConfig } from './complete.ts'
import { type ModelConfig, readConfigJson, readConfigText } from './model-config.ts'
import { readSignature } from './onnx-signature.ts'
import { printConfigText } from './print-text.ts'

const read = (text: string, name = 'm'): ModelConfig => readConfigText(text, name).config

const refused = (words: RegExp) => (error: unknown) =>
  error instanceof TritonError && error.code === 'INVALID_ARG' && words.test(error.message)

test('reads what people write: comments, lists, both brackets, quotes, separators', () => {
  const config = read(`
    # a comment
    name: 'm', platform: "onnxruntime" "_onnx" ; max_batch_size: 8
    input [ { name: "input__0" data_type: TYPE_FP32 dims: [ 1, 512, 512 ] } ]
    output: < name: "output__0" data_type: TYPE_FP32 dims: 1 dims: 512 dims: 512 >
    dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100
      priority_levels: 2 default_priority_level: 2
      priority_queue_policy { key: 1 value { max_queue_size: 4 } } }
    instance_group [ { count: 2 kind: KIND_CPU } ]
    version_policy: { specific: { versions: [1, 3] } }
    parameters { key: "note" value: { string_value: "line\\n\\"quoted\\" \\x41\\101" } }
    model_warmup [ { name: "w" batch_size: 1 inputs { key: "input__0" value { data_type: TYPE_FP32 dims: [1,512,512] zero_data: true } } } ]
  `)
  assert.deepEqual([config.platform, config.max_batch_size], ['onnxruntime_onnx', 8])
  assert.deepEqual(config.input[0]?.dims, [1, 512, 512])
  assert.deepEqual(config.output[0]?.dims, [1, 512, 512])
  assert.equal(config.dynamic_batching?.priority_queue_policy['1']?.max_queue_size, 4)
  assert.equal(config.parameters['note']?.string_value, 'line\n"quoted" AA')
  assert.deepEqual(config.version_policy, { specific: { versions: [1, 3] } })
  assert.equal(config.model_warmup[0]?.inputs['input__0']?.zero_data, true)
})

test('refuses what it cannot read or does not serve, and says where', () => {
  const cases: readonly [string, RegExp][] = [
    ['max_batch_size: "8"', /line 1: quotes/],
    ['name: m', /line 1: a text needs quotes/],
    ['\n\nmax_batch_size 8', /line 3.*colon/],
    ['input [ { name: "x" }', /line 1/],
    ['input { name: "x"', /line 1/],
    ['max_batch_size: 8 max_batch_size: 4', /given twice/],
    ['colour: "red"', /no field "colour"/],
    ['__proto__: "x"', /no field/],
    ['name: "other"', /of "other", not of "m"/],
    ['platform: "tensorrt_plan"', /tensorrt_plan.*ONNX/],
    ['sequence_batching { }', /sequence_batching: is not supported/],
    ['ensemble_scheduling { }', /not supported/],
    ['response_cache { enable: true }', /response_cache/],
    ['model_transaction_policy { decoupled: true }', /decoupled/],
    ['instance_group { kind: KIND_GPU }', /KIND_GPU/],
    ['instance_group { count: 17 }', /1 to 16/],
    ['max_batch_size: 2 dynamic_batching { preferred_batch_size: 4 }', /preferred_batch_size/],
    ['dynamic_batching { }', /max_batch_size of 1/],
    ['input { name: "x" data_type: TYPE_STRING dims: 1 }', /TYPE_STRING/],
    ['input { name: "x" data_type: TYPE_FP32 dims: 0 }', /positive/],
    ['input { name: "x" data_type: FP32 dims: 1 }', /must be one of/],
    ['default_model_filename: "../x"', /name of a file/],
    ['version_policy { latest { num_versions: 0 } }', /num_versions/],
    ['version_policy { all { } latest { } }', /one of latest/],
    ['$', /not expected/],
    [`${'a {'.repeat(40)}`, /nested deeper/],
    ['a'.repeat(300_000), /longer than/],
  ]
  for (const [text, words] of cases) assert.throws(() => read(text), refused(words), text.slice(0, 80))
  assert.throws(() => readConfigJson('[]', 'm'), refused(/must be a message/))
  assert.throws(() => readConfigJson('{"max_batch_size": 1.5}', 'm'), refused(/whole number/))
})

test('reads past what has no meaning on processors, and tells so', () => {
  const { ignored } = readConfigText(
    'optimization { cuda { graphs: true } } instance_group { gpus: [0] count: 1 }',
    'm',
  )
  assert.deepEqual(ignored, ['optimization', 'instance_group[0].gpus'])
})

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
const tensor = fc.record({
  name,
  data_type: fc.constantFrom('TYPE_FP32' as const, 'TYPE_INT64' as const),
  dims: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
})
const configs = fc
  .record({
    max_batch_size: fc.integer({ min: 1, max: 16 }),
    input: fc.uniqueArray(tensor, { selector: (one) => one.name, minLength: 1, maxLength: 3 }),
    note: fc.string(),
    count: fc.integer({ min: 1, max: 4 }),
    delay: fc.integer({ min: 0, max: 1000 }),
  })
  .map(({ max_batch_size, input, note, count, delay }) => ({
    max_batch_size,
    input,
    instance_group: [{ name: 'g', kind: 'KIND_CPU', count }],
    parameters: { note: { string_value: note } },
    dynamic_batching: { preferred_batch_size: [max_batch_size], max_queue_delay_microseconds: delay },
    version_policy: { latest: { num_versions: count } },
  }))

test('what is printed reads back as the same configuration', () => {
  fc.assert(
    fc.property(configs, (given) => {
      const { config } = readConfigJson(JSON.stringify(given), 'm')
      assert.deepEqual(read(printConfigText(config)), config)
    }),
  )
})

test('reads a graph’s signature and completes the configuration from it', () => {
  const signature = readSignature(sumGraph(5))
  assert.deepEqual(signature.inputs, [
    { name: 'a', datatype: 'FP32', shape: [-1, 5] },
    { name: 'b', datatype: 'FP32', shape: [-1, 5] },
  ])
  const complete = completeConfig(read(''), signature, false)
  assert.deepEqual([complete.max_batch_size, complete.output.map(({ dims }) => dims)], [4, [[5], [5]]])
  const plain = completeConfig(read('max_batch_size: 0'), signature, true)
  assert.deepEqual(plain.input[0]?.dims, [-1, 5])
  for (const bytes of [new Uint8Array(0), Buffer.from('nonsense'), sumGraph().subarray(0, 60), Buffer.alloc(99, 255)]) {
    assert.throws(() => readSignature(bytes), refused(/not an ONNX model/))
  }
})

test('refuses a configuration that the graph contradicts', () => {
  const signature = readSignature(scaleGraph(2, 4))
  const cases: readonly [string, RegExp][] = [
    ['max_batch_size: 2 input { name: "x" data_type: TYPE_FP32 dims: 4 }', /also takes input__0/],
    ['max_batch_size: 2 input { name: "input__0" data_type: TYPE_FP64 dims: 4 }', /TYPE_FP32 in the graph/],
    [
      'max_batch_size: 2 input { name: "input__0" data_type: TYPE_FP32 dims: 5 }',
      /\[-1,4\] in the graph, not \[-1,5\]/,
    ],
    ['max_batch_size: 2 output { name: "y" data_type: TYPE_FP32 dims: 4 }', /no tensor y/],
  ]
  for (const [text, words] of cases) assert.throws(() => completeConfig(read(text), signature, true), refused(words))
})

test('serves the versions that the policy names', () => {
  assert.deepEqual(chooseVersions({ latest: { num_versions: 2 } }, [3, 1, 10, 2]), [3, 10])
  assert.deepEqual(chooseVersions({ all: {} }, [3, 1]), [1, 3])
  assert.deepEqual(chooseVersions({ specific: { versions: [1, 7] } }, [3, 1]), [1])
})
