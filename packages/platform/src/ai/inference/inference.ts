// The running inference server: sources of models, the server over them, its ports and routes, and the registry.
import { fileURLToPath } from 'node:url'
import type { Settings } from '../../kernel/config.ts'
import type { OpenGrpcPort } from '../../kernel/grpc-port.ts'
import { type OpenPort, openPort } from '../../kernel/listener.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService } from '../../kernel/service.ts'
import { checkExposure } from './http/guard.ts'
import { createSwitchableLog } from './http/log-settings.ts'
import { kserveListener } from './http/port.ts'
import { kserveRoutes } from './http/service-routes.ts'
import { createTracing } from './http/tracing.ts'
import { metricsListener } from './metrics/metrics-port.ts'
import { checkUse } from './registry/access.ts'
import { registrySource, shippedInProduction } from './registry/registry-source.ts'
import { registryRoutes } from './registry/routes.ts'
import { enterShipped } from './registry/shipped.ts'
import { modelsChannel } from './registry/store.ts'
import { folderSource } from './repository/folder-source.ts'
import { firstOf } from './repository/model-files.ts'
import { createModelServer, type ModelServer } from './serving/model-server.ts'
import type { inferenceSettings } from './settings.ts'

/** The settings as read. */
export type InferenceSettings = Settings<typeof inferenceSettings>

/** What the composition root hands to the inference server alone. */
export interface InferenceExtra {
  /** Folder of own models where no setting names one. */
  readonly repository: string
  /** Version of Xinglin. */
  readonly version: string
  /** Folder of the shipped models; the project's `models/` when undefined. */
  readonly shipped?: string
}

/** Where the ports are; known after `start`. */
export interface InferenceAddresses {
  readonly http: string
  readonly grpc: string
  readonly metrics: string
}

/** A created inference server. */
export interface RunningInference extends RunningService {
  /** @throws Error before `start` */
  addresses(): InferenceAddresses
}

const shippedFolder = fileURLToPath(new URL('../../../../../models/', import.meta.url))
const bytesPerMb = 1_048_576

interface OpenPorts {
  readonly http: OpenPort
  readonly grpc: OpenGrpcPort
  readonly metrics: OpenPort
}

type Parts = ReturnType<typeof partsOf>

function partsOf(ports: Ports, settings: InferenceSettings, extra: InferenceExtra) {
  const { sql, blobs, onnx, clock } = ports
  const logging = createSwitchableLog(ports.log.child({ service: 'inference' }))
  const shipped = folderSource(extra.shipped ?? shippedFolder, 'shipped')
  const models = createModelServer({
    source: firstOf([
      registrySource(sql, blobs),
      folderSource(settings.repository ?? extra.repository, 'folder'),
      shippedInProduction(shipped, sql),
    ]),
    log: logging.log,
    onnx,
    nowMs: () => clock.now().getTime(),
    threads: settings.threads,
    memoryMb: settings.memoryMb,
    idleMs: settings.idleSeconds * 1000,
  })
  const identity = { name: 'xinglin', version: extra.version }
  const maxBodyBytes = settings.maxBodyMb * bytesPerMb
  const { telemetry } = ports
  const tracing = createTracing(logging.log)
  return { models, identity, logging, tracing, shipped, maxBodyBytes, telemetry, log: logging.log }
}

async function openPorts(parts: Parts, settings: InferenceSettings): Promise<OpenPorts> {
  const { host, token, allowedHosts, httpPort, grpcPort, metricsPort } = settings
  const { models, maxBodyBytes, telemetry, log } = parts
  const guard = { token, allowedHosts }
  const listener = kserveListener(parts, { guard, maxBodyBytes, log })
  const http = await openPort({ host, port: httpPort, setting: 'INFERENCE_HTTP_PORT' }, listener)
  const opened: (() => Promise<void>)[] = [http.close]
  try {
    const setting = 'INFERENCE_METRICS_PORT'
    const metrics = await openPort({ host, port: metricsPort, setting }, metricsListener(models, guard))
    opened.push(metrics.close)
    // gRPC is loaded only by a process that serves it.
    const { openGrpcPort } = await import('./grpc/grpc-port.ts')
    const grpc = await openGrpcPort(parts, {
      host,
      port: grpcPort,
      token,
      maxMessageBytes: maxBodyBytes,
      log,
      telemetry,
    })
    return { http, metrics, grpc }
  } catch (error) {
    for (const close of opened) await close()
    throw error
  }
}

async function readShipped({ shipped }: Parts, model: string, version: number): Promise<Uint8Array | undefined> {
  const files = await shipped.open(model)
  return files?.versions.includes(version) ? files.readGraph(version, 'model.onnx') : undefined
}

// Models are loaded beside the start, so that a large repository holds nothing up; readiness waits for it.
async function loadModels(ports: Ports, parts: Parts): Promise<void> {
  const { models, shipped, log } = parts
  try {
    await models.loadAll()
    await enterShipped(ports.sql, shipped, log)
  } catch (error) {
    log.error('inference.repository.failed', { error })
  }
}

/** Creates the inference server; nothing listens yet. */
export async function createInference(
  ports: Ports,
  settings: InferenceSettings,
  extra: InferenceExtra,
): Promise<RunningInference> {
  checkExposure(settings.host, settings.token)
  const parts = partsOf(ports, settings, extra)
  const { models, maxBodyBytes, log } = parts
  const state: { open?: OpenPorts; unlisten?: () => Promise<void>; loading?: Promise<void> } = {}
  const { sql, blobs, onnx, ids, audit } = ports
  const registry = registryRoutes({
    ...{ sql, blobs, onnx, ids, audit, models },
    maxModelBytes: maxBodyBytes,
    readShipped: (model, version) => readShipped(parts, model, version),
  })
  const follow = (model: string): void => {
    models.refresh(model).catch((error: unknown) => log.warn('inference.refresh.failed', { model, error }))
  }
  return {
    async routes(app) {
      await app.register(kserveRoutes(parts, { maxBodyBytes, checkUse }))
      await app.register(registry)
    },
    async start() {
      state.open = await openPorts(parts, settings)
      state.unlisten = await sql.listen(modelsChannel, follow)
      state.loading = loadModels(ports, parts)
    },
    ready: async () => reasonsOf(models),
    async close() {
      await state.unlisten?.()
      const { open } = state
      await Promise.all([open?.http.close(), open?.metrics.close(), open?.grpc.close()])
      await state.loading
      await models.close()
    },
    addresses() {
      const { open } = state
      if (open === undefined) throw new Error('The inference server has not been started')
      return {
        http: open.http.url,
        grpc: new URL(open.http.url).hostname.concat(`:${open.grpc.port}`),
        metrics: `${open.metrics.url}/metrics`,
      }
    },
  }
}

function reasonsOf(models: ModelServer): readonly string[] {
  return models.isLoaded() ? [] : ['the models are being loaded']
}
