// What each call of the gRPC face does; all of it is what the HTTP face does, in gRPC's form.

import { freeBytes } from '../../../kernel/free-bytes.ts'
import { bytesOf } from '../../../kernel/tensors.ts'
import { extensions, modelMetadata, type ServerIdentity, statisticsOf } from '../http/describe.ts'
import type { SwitchableLog } from '../http/log-settings.ts'
import type { Tracing } from '../http/tracing.ts'
import { TritonError } from '../protocol/triton-error.ts'
import { readOverride } from '../repository/override.ts'
import type { ModelServer } from '../serving/model-server.ts'
import { type InferMessage, type Parameters, parameterValue, requestOf, responseOf } from './messages.ts'

/** What the calls stand on. */
export interface GrpcParts {
  readonly models: ModelServer
  readonly identity: ServerIdentity
  readonly logging: SwitchableLog
  readonly tracing: Tracing
}

/** A call with one request and one answer. */
export type Unary = (parts: GrpcParts, message: never, signal: AbortSignal) => Promise<unknown>

interface Address {
  readonly name: string
  readonly version: string
}

interface LoadMessage {
  readonly model_name: string
  readonly parameters: Parameters
}

const modelStats = async ({ models }: GrpcParts, { name, version }: Address) => {
  if (name !== '') models.find(name, version)
  const all = models.served().filter((one) => name === '' || one.name === name)
  return { model_stats: all.filter((one) => version === '' || one.version === version).map(statisticsOf) }
}

const modelReady = async ({ models }: GrpcParts, { name, version }: Address) => {
  try {
    models.find(name, version)
    return { ready: true }
  } catch (error) {
    if (error instanceof TritonError && error.code === 'UNAVAILABLE') return { ready: false }
    throw error
  }
}

/** Infers; used by the single call and the stream. */
export async function inferOnce({ models, logging, tracing }: GrpcParts, message: InferMessage, signal: AbortSignal) {
  const startedMs = performance.now()
  const endTrace = tracing.begin(message.model_name)
  const served = models.find(message.model_name, message.model_version)
  const request = requestOf(message)
  const answer = await served.infer(request, signal)
  for (const input of Object.values(request.inputs)) freeBytes(bytesOf(input))
  endTrace?.(answer.version, answer.id)
  const ms = Math.round((performance.now() - startedMs) * 1000) / 1000
  logging.log.debug('inference.request', { model: answer.model, version: answer.version, ms })
  return responseOf(answer)
}

async function load({ models }: GrpcParts, { model_name: name, parameters }: LoadMessage) {
  const given = Object.entries(parameters).map(([key, parameter]): [string, unknown] => {
    const value = parameterValue(parameter)
    return [key, value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value]
  })
  await models.load(name, readOverride(Object.fromEntries(given)))
  return {}
}

const settingOf = (value: boolean | number | string) => {
  if (typeof value === 'boolean') return { bool_param: value }
  return typeof value === 'number' ? { uint32_param: value } : { string_param: value }
}

async function logSettings({ logging }: GrpcParts, { settings }: { readonly settings: Parameters }) {
  const changes = Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, parameterValue(setting)]))
  const told = Object.keys(changes).length === 0 ? logging.read() : logging.update(changes)
  return { settings: Object.fromEntries(Object.entries(told).map(([name, value]) => [name, settingOf(value)])) }
}

interface TraceMessage {
  readonly model_name: string
  readonly settings: Readonly<Record<string, { readonly value: readonly string[] }>>
}

// An empty list of values gives a setting back; no setting at all only asks.
async function traceSetting({ models, tracing }: GrpcParts, { model_name: model, settings }: TraceMessage) {
  if (model !== '') models.find(model)
  const changes = Object.entries(settings).map(([name, { value }]) => [name, value.length === 0 ? null : value])
  const told = changes.length === 0 ? tracing.read(model) : tracing.update(model, Object.fromEntries(changes))
  return {
    settings: Object.fromEntries(Object.entries(told).map(([name, value]) => [name, { value: [value].flat() }])),
  }
}

/** The calls by name. */
export const unaryCalls: Readonly<Record<string, Unary>> = {
  ServerLive: async () => ({ live: true }),
  ServerReady: async ({ models }) => ({ ready: models.isLoaded() }),
  ServerMetadata: async ({ identity }) => ({ ...identity, extensions }),
  ModelReady: modelReady,
  ModelMetadata: async ({ models }, { name, version }: Address) =>
    modelMetadata(models.find(name, version), models.versionsOf(name)),
  ModelConfig: async ({ models }, { name, version }: Address) => ({ config: models.find(name, version).config }),
  ModelStatistics: modelStats,
  ModelInfer: inferOnce,
  RepositoryIndex: async ({ models }, { ready }: { readonly ready: boolean }) => ({
    models: await models.index(ready),
  }),
  RepositoryModelLoad: load,
  RepositoryModelUnload: async ({ models }, { model_name: name }: LoadMessage) => {
    await models.unload(name)
    return {}
  },
  TraceSetting: traceSetting,
  LogSettings: logSettings,
}
