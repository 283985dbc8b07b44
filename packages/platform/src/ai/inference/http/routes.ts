// The calls of KServe v2 over HTTP with Triton's extensions: which there are, and what each answers.
import { freeBytes } from '../../../kernel/free-bytes.ts'
import { bytesOf } from '../../../kernel/tensors.ts'
import { decodeInfer, parseJson } from '../protocol/decode-infer.ts'
import { encodeAnswer } from '../protocol/encode-infer.ts'
import { invalid, TritonError } from '../protocol/triton-error.ts'
import { readOverride } from '../repository/override.ts'
import type { ModelServer } from '../serving/model-server.ts'
import { emptyAnswer, jsonAnswer, type KserveAnswer, type KserveCall } from './call.ts'
import { extensions, fullConfig, modelMetadata, type ServerIdentity, statisticsOf } from './describe.ts'
import type { SwitchableLog } from './log-settings.ts'
import type { Tracing } from './tracing.ts'

/** What the routes stand on. */
export interface RouteParts {
  readonly models: ModelServer
  readonly identity: ServerIdentity
  readonly logging: SwitchableLog
  readonly tracing: Tracing
}

type Json = Readonly<Record<string, unknown>>
type Handle = (parts: RouteParts, call: KserveCall, at: Address) => Promise<KserveAnswer> | KserveAnswer

interface Address {
  readonly model: string
  readonly version: string
}

/** A path: `:model` and `:version` take one segment. */
interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: readonly string[]
  readonly use: 'read' | 'infer' | 'control'
  readonly handle: Handle
}

const maxControlBytes = 100_663_296

function jsonBody({ body }: KserveCall, limitBytes = 65_536): Json {
  if (body.byteLength === 0) return {}
  if (body.byteLength > limitBytes) throw new TritonError('TOO_LARGE', `the body is larger than ${limitBytes} bytes`)
  const parsed = limitBytes > 65_536 ? parseLarge(body) : parseJson(body)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Json
  throw invalid('the request must be a JSON object')
}

// A load request may bring whole graphs in base64.
function parseLarge(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw invalid('failed to parse the request JSON buffer', { cause })
  }
}

function parametersOf({ parameters = {} }: Json): Json {
  if (typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters)) return parameters as Json
  throw invalid("'parameters' must be an object")
}

function isModelReady({ models }: RouteParts, { model, version }: Address): boolean {
  try {
    models.find(model, version)
    return true
  } catch (error) {
    if (error instanceof TritonError) return false
    throw error
  }
}

const infer: Handle = async ({ models, logging, tracing }, { body, headers, signal }, { model, version }) => {
  const startedMs = performance.now()
  const endTrace = tracing.begin(model)
  const served = models.find(model, version)
  const length = headers['inference-header-content-length']
  const request = decodeInfer(body, Array.isArray(length) ? length[0] : length, served.config)
  const answer = await served.infer(request, signal)
  const { parts, headerLength } = encodeAnswer(answer, request.outputs)
  endTrace?.(answer.version, answer.id)
  const ms = Math.round((performance.now() - startedMs) * 1000) / 1000
  logging.log.debug('inference.request', { model: answer.model, version: answer.version, ms })
  if (headerLength === undefined) return { status: 200, headers: { 'content-type': 'application/json' }, parts }
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(headerLength),
    },
    parts,
    free: () => [body, ...Object.values(request.inputs).map(bytesOf), ...parts].forEach(freeBytes),
  }
}

const metadata: Handle = ({ models }, _call, { model, version }) =>
  jsonAnswer(modelMetadata(models.find(model, version), models.versionsOf(model)))

const config: Handle = ({ models }, _call, { model, version }) =>
  jsonAnswer(fullConfig(models.find(model, version).config))

const statistics: Handle = ({ models }, _call, { model, version }) => {
  if (model !== '') models.find(model, version) // refuses what is not served
  const all = models.served().filter((one) => model === '' || one.name === model)
  return jsonAnswer({ model_stats: all.filter((one) => version === '' || one.version === version).map(statisticsOf) })
}

const index: Handle = async ({ models }, call) => {
  const { ready = false, ...rest } = jsonBody(call)
  const unknown = Object.keys(rest)[0]
  if (typeof ready !== 'boolean' || unknown !== undefined) throw invalid("the index takes 'ready', true or false")
  return jsonAnswer(await models.index(ready))
}

const load: Handle = async ({ models }, call, { model }) => {
  const override = readOverride(parametersOf(jsonBody(call, maxControlBytes)))
  await models.load(model, override)
  return emptyAnswer(200)
}

const unload: Handle = async ({ models }, call, { model }) => {
  const unknown = Object.keys(parametersOf(jsonBody(call))).find((name) => name !== 'unload_dependents')
  if (unknown !== undefined)
    throw invalid(`unload takes the parameter unload_dependents, not ${JSON.stringify(unknown.slice(0, 64))}`)
  await models.unload(model)
  return emptyAnswer(200)
}

const readTrace: Handle = ({ models, tracing }, _call, { model, version }) => {
  if (model !== '') models.find(model, version)
  return jsonAnswer(tracing.read(model))
}

const updateTrace: Handle = ({ models, tracing }, call, { model, version }) => {
  if (model !== '') models.find(model, version)
  return jsonAnswer(tracing.update(model, jsonBody(call)))
}

const ready =
  (isReady: (parts: RouteParts, at: Address) => boolean): Handle =>
  (parts, _call, at) =>
    emptyAnswer(isReady(parts, at) ? 200 : 400)

const ofModel = (tail: string, method: Route['method'], use: Route['use'], handle: Handle): readonly Route[] =>
  [
    ['models', ':model'],
    ['models', ':model', 'versions', ':version'],
  ].map((head) => ({
    method,
    use,
    handle,
    path: tail === '' ? head : [...head, tail],
  }))

const routes: readonly Route[] = [
  ...ofModel('infer', 'POST', 'infer', infer),
  ...ofModel('ready', 'GET', 'read', ready(isModelReady)),
  ...ofModel('config', 'GET', 'read', config),
  ...ofModel('stats', 'GET', 'read', statistics),
  { method: 'GET', path: ['models', 'stats'], use: 'read', handle: statistics },
  ...ofModel('', 'GET', 'read', metadata),
  { method: 'GET', path: [], use: 'read', handle: ({ identity }) => jsonAnswer({ ...identity, extensions }) },
  { method: 'GET', path: ['health', 'live'], use: 'read', handle: ready(() => true) },
  { method: 'GET', path: ['health', 'ready'], use: 'read', handle: ready(({ models }) => models.isLoaded()) },
  { method: 'POST', path: ['repository', 'index'], use: 'read', handle: index },
  { method: 'POST', path: ['repository', 'models', ':model', 'load'], use: 'control', handle: load },
  { method: 'POST', path: ['repository', 'models', ':model', 'unload'], use: 'control', handle: unload },
  { method: 'GET', path: ['trace', 'setting'], use: 'read', handle: readTrace },
  { method: 'POST', path: ['trace', 'setting'], use: 'control', handle: updateTrace },
  { method: 'GET', path: ['models', ':model', 'trace', 'setting'], use: 'read', handle: readTrace },
  { method: 'POST', path: ['models', ':model', 'trace', 'setting'], use: 'control', handle: updateTrace },
  { method: 'GET', path: ['logging'], use: 'read', handle: ({ logging }) => jsonAnswer(logging.read()) },
  {
    method: 'POST',
    path: ['logging'],
    use: 'control',
    handle: ({ logging }, call) => jsonAnswer(logging.update(jsonBody(call))),
  },
]

function addressIn(route: Route, path: readonly string[]): Address | undefined {
  if (route.path.length !== path.length) return undefined
  if (!route.path.every((segment, at) => segment.startsWith(':') || segment === path[at])) return undefined
  return { model: path[route.path.indexOf(':model')] ?? '', version: path[route.path.indexOf(':version')] ?? '' }
}

// `models/stats` is an address of its own: no model has it as its name over HTTP, as in Triton.
function isShadowed(route: Route, path: readonly string[]): boolean {
  return path.length === 2 && path[1] === 'stats' && route.path.includes(':model')
}

function find({ method, path }: KserveCall): { readonly route: Route; readonly at: Address } {
  const atPath = routes.flatMap((route) => {
    const at = isShadowed(route, path) ? undefined : addressIn(route, path)
    return at === undefined ? [] : [{ route, at }]
  })
  const found = atPath.find(({ route }) => route.method === method)
  if (found !== undefined) return found
  if (atPath.length === 0) throw new TritonError('NOT_FOUND', 'there is no such address in the inference protocol')
  throw invalid(`this address takes ${[...new Set(atPath.map(({ route }) => route.method))].join(', ')}, not ${method}`)
}

/** Answers a call. @throws TritonError, or what `allow` throws */
export async function answerCall(parts: RouteParts, call: KserveCall): Promise<KserveAnswer> {
  const { route, at } = find(call)
  call.allow(route.use)
  return route.handle(parts, call, at)
}

/** The answer to an error: `{"error"}` with Triton's status; anything unexpected tells nothing of itself. */
export function errorAnswer(error: unknown): KserveAnswer {
  if (error instanceof TritonError) return jsonAnswer({ error: error.message }, error.httpStatus)
  return jsonAnswer({ error: 'unexpected failure of the inference server' }, 500)
}
