// A model of your own from graph to production: made, loaded, asked, registered with its card, promoted, asked through the gateway.
// Usage: node examples/inference/own-model.ts (a system must run; see README.md beside this file)
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const gateway = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const inference = process.env['XINGLIN_INFERENCE_URL'] ?? 'http://127.0.0.1:8010'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const token =
  process.env['XINGLIN_TOKEN'] ??
  execFileSync(process.execPath, [program, 'token', '--role', 'data-scientist'], { encoding: 'utf8' }).trim()

// An ONNX file is protobuf: a field is its number and kind, then its content (onnx/onnx.proto has the numbers).
const varint = (value: number): Buffer =>
  value < 128 ? Buffer.of(value) : Buffer.concat([Buffer.of((value % 128) | 128), varint(Math.floor(value / 128))])
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)])
const content = (field: number, ...parts: readonly (Uint8Array | string)[]): Buffer => {
  const bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])
}
const dimension = (size: number | string): Buffer =>
  content(1, typeof size === 'number' ? number(1, size) : content(2, size))
const float = 1

function image(field: number, name: string): Buffer {
  const shape = content(2, ...['batch', 1, 'rows', 'columns'].map(dimension))
  return content(field, content(1, name), content(2, content(1, number(1, float), shape)))
}

function edgeFilter(): Buffer {
  // Laplace's operator: nothing in even areas, much at edges.
  const kernel = new Uint8Array(Float32Array.of(0, -1, 0, -1, 4, -1, 0, -1, 0).buffer)
  const weights = content(
    5,
    ...[1, 1, 3, 3].map((size) => number(1, size)),
    number(2, float),
    content(8, 'kernel'),
    content(9, kernel),
  )
  const pads = content(5, content(1, 'pads'), ...[1, 1, 1, 1].map((one) => number(8, one)), number(20, 7))
  const convolution = content(
    1,
    content(1, 'picture'),
    content(1, 'kernel'),
    content(2, 'edges'),
    content(4, 'Conv'),
    pads,
  )
  const graph = content(7, convolution, content(2, 'edge_filter'), weights, image(11, 'picture'), image(12, 'edges'))
  return Buffer.concat([number(1, 8), graph, content(8, number(2, 17))])
}

// A white square on black, 8 × 8.
const picture = Float32Array.from({ length: 64 }, (_, at) => {
  const [row, column] = [Math.floor(at / 8), at % 8]
  return row >= 2 && row < 6 && column >= 2 && column < 6 ? 1 : 0
})

async function check(answer: Response): Promise<Response> {
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`)
  return answer
}

/** Asks over KServe v2 with the binary tensor extension: JSON first, then the raw floats. */
async function edgesOf(base: string, headers: Record<string, string> = {}): Promise<Float32Array> {
  const inputs = [{ name: 'picture', datatype: 'FP32', shape: [1, 1, 8, 8], parameters: { binary_data_size: 256 } }]
  const head = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }))
  const answer = await check(
    await fetch(`${base}/v2/models/edge_filter/infer`, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(head.length),
      },
      body: new Uint8Array(Buffer.concat([head, new Uint8Array(picture.buffer)])),
    }),
  )
  const bytes = await answer.arrayBuffer()
  return new Float32Array(bytes.slice(Number(answer.headers.get('inference-header-content-length'))))
}

function draw(edges: Float32Array): void {
  for (let row = 0; row < 8; row++) {
    console.log([...edges.subarray(row * 8, row * 8 + 8)].map((one) => (one > 0 ? '#' : one < 0 ? '.' : ' ')).join(' '))
  }
}

const graph = edgeFilter()
const config = await readFile(new URL('./edge_filter/config.pbtxt', import.meta.url), 'utf8')

// 1. Straight into the server, as one does with Triton: configuration (JSON) and file travel with the request.
const trial = { max_batch_size: 4, dynamic_batching: { max_queue_delay_microseconds: 1000 } }
const parameters = { config: JSON.stringify(trial), 'file:1/model.onnx': graph.toString('base64') }
await check(
  await fetch(`${inference}/v2/repository/models/edge_filter/load`, {
    method: 'POST',
    body: JSON.stringify({ parameters }),
  }),
)
console.log('loaded into the inference server; the edges of a square:')
draw(await edgesOf(inference))

// 2. Into the registry, where it stays: with its configuration, a card and a figure.
const about = {
  description: 'Edges of a picture',
  config,
  card: '# edge_filter\n\nLaplace filter of 3 × 3. An example; not for clinical use.\n',
  metrics: [{ name: 'parameters', value: 9 }],
  lineage: { trainingRun: 'none: written by hand' },
}
const form = new FormData()
form.set('version', JSON.stringify(about))
form.set('model', new Blob([new Uint8Array(graph)]), 'model.onnx')
const headers = { authorization: `Bearer ${token}` }
const registered = await check(
  await fetch(`${gateway}/api/v1/models/edge_filter/versions`, { method: 'POST', headers, body: form }),
)
const { version, sha256, stage } = (await registered.json()) as { version: number; sha256: string; stage: string }
console.log(`registered as version ${version}, sha256 ${sha256.slice(0, 12)}…`)

// 3. Into production: from now on the server serves this version, also after a restart.
if (stage !== 'production') {
  const address = `${gateway}/api/v1/models/edge_filter/versions/${version}/stage`
  await check(
    await fetch(address, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/json', 'if-match': registered.headers.get('etag') ?? '' },
      body: JSON.stringify({ stage: 'production', reason: 'example' }),
    }),
  )
}
const edges = await edgesOf(gateway, headers)
console.log(`in production; through the gateway the same edges: ${edges.filter((one) => one > 0).length} of 64 pixels`)
