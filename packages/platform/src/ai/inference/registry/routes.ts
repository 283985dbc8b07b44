// HTTP of the model registry: /api/v1/models.
import multipart from '@fastify/multipart'
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { failureOf } from '../../../kernel/audited-failure.ts'
import type { Audit } from '../../../kernel/ports.ts'
import type {} from '../../../kernel/service.ts'
import type { Tx } from '../../../kernel/sql.ts'
import { statisticsOf } from '../http/describe.ts'
import type { ModelServer } from '../serving/model-server.ts'
import { checkUse } from './access.ts'
import { readGraphBytes } from './graph-bytes.ts'
import { checkStageChange, etagOf, type ModelVersion } from './model-version.ts'
import { type Registered, type RegisterParts, registerVersion } from './register.ts'
import * as schemas from './schemas.ts'
import { changeJson, summaryJson, versionJson } from './shapes.ts'
import { changeStage, listModels, listStageChanges, listVersions, readDescription, readVersion } from './store.ts'
import { readUpload } from './upload.ts'

/** What the routes stand on. */
export interface RegistryRouteParts extends RegisterParts {
  readonly audit: Audit
  readonly models: ModelServer
  readonly maxModelBytes: number
  /** Reads the graph of a shipped version. */
  readonly readShipped: (model: string, version: number) => Promise<Uint8Array | undefined>
}

type Address = Static<typeof schemas.VersionAddress>

const usualPage = 50
const newest = 2_147_483_647
const historyShown = 20
const uploadMs = 120_000

function pathOf(model: string, version: number): string {
  return `/api/v1/models/${encodeURIComponent(model)}/versions/${version}`
}

async function versionAt({ sql }: RegistryRouteParts, request: FastifyRequest): Promise<ModelVersion> {
  const { name, version } = request.params as Address
  const found = await readVersion(sql, name, version)
  if (found === undefined) throw new AppError('not-found', `There is no version ${version} of the model ${name}`)
  return found
}

function entry(request: FastifyRequest, action: 'C' | 'U', interaction: string, status: number) {
  const { caller, traceId, method, url } = request
  return { caller, action, interaction, outcome: 'success', status, traceId, query: `${method} ${url}` } as const
}

// What the server does with the model now, in this process.
function servingOf({ models }: RegistryRouteParts, name: string) {
  const served = models.served().filter((one) => one.name === name)
  return served.map((one) => ({
    ...statisticsOf(one),
    origin: one.origin,
    pending: one.pending(),
    openInstances: one.openInstances(),
  }))
}

async function list({ sql }: RegistryRouteParts, request: FastifyRequest) {
  checkUse(request.caller, 'read')
  const { limit = usualPage, after = '' } = request.query as Static<typeof schemas.ModelsQuery>
  const found = await listModels(sql, after, limit + 1)
  const page = found.slice(0, limit)
  const last = page.at(-1)?.name
  const hasMore = found.length > limit && last !== undefined
  const next = hasMore ? `/api/v1/models?limit=${limit}&after=${encodeURIComponent(last)}` : undefined
  return { models: page.map(summaryJson), ...(next === undefined ? {} : { next }) }
}

async function show(parts: RegistryRouteParts, request: FastifyRequest) {
  checkUse(request.caller, 'read')
  const { sql } = parts
  const { name } = request.params as Static<typeof schemas.ModelAddress>
  const { limit = usualPage, before = newest } = request.query as Static<typeof schemas.VersionsQuery>
  const description = await readDescription(sql, name)
  if (description === undefined) throw new AppError('not-found', `There is no model ${name}`)
  const found = await listVersions(sql, name, before, limit + 1)
  const page = found.slice(0, limit)
  const last = page.at(-1)?.version
  const hasMore = found.length > limit && last !== undefined
  return {
    name,
    description,
    versions: page.map(versionJson),
    ...(hasMore ? { next: `/api/v1/models/${name}?limit=${limit}&before=${last}` } : {}),
    stageChanges: (await listStageChanges(sql, name, historyShown)).map(changeJson),
    serving: servingOf(parts, name),
  }
}

async function showVersion(parts: RegistryRouteParts, request: FastifyRequest, reply: FastifyReply) {
  checkUse(request.caller, 'read')
  const version = await versionAt(parts, request)
  reply.header('etag', etagOf(version))
  return { ...versionJson(version), card: version.card }
}

async function showCard(parts: RegistryRouteParts, request: FastifyRequest, reply: FastifyReply) {
  checkUse(request.caller, 'read')
  const { card, model, version } = await versionAt(parts, request)
  if (card.trim() === '') throw new AppError('not-found', `Version ${version} of ${model} has no model card`)
  reply.type('text/markdown; charset=utf-8')
  return card
}

async function download(parts: RegistryRouteParts, request: FastifyRequest, reply: FastifyReply) {
  checkUse(request.caller, 'read')
  const version = await versionAt(parts, request)
  const bytes =
    version.artefact === undefined
      ? await parts.readShipped(version.model, version.version)
      : await readGraphBytes(parts.blobs, version)
  if (bytes === undefined) throw new AppError('not-found', 'The graph of this version is gone')
  reply.type('application/octet-stream').header('x-content-sha256', version.sha256)
  return reply.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

/** @throws AppError 'forbidden', which the trail has before the answer */
async function checkChange(parts: RegistryRouteParts, request: FastifyRequest, use: 'register' | 'change-stage') {
  try {
    checkUse(request.caller, use)
  } catch (error) {
    const [action, interaction] =
      use === 'register' ? (['C', 'model-register'] as const) : (['U', 'model-stage'] as const)
    await parts.audit.record({ ...entry(request, action, interaction, 403), ...failureOf(error) })
    throw error
  }
}

async function register(parts: RegistryRouteParts, request: FastifyRequest, reply: FastifyReply) {
  await checkChange(parts, request, 'register')
  const { name } = request.params as Static<typeof schemas.ModelAddress>
  const { about, graph } = await readUpload(request, parts.maxModelBytes)
  const registration = {
    model: name,
    description: about.description ?? '',
    config: about.config ?? '',
    card: about.card ?? '',
    metrics: about.metrics ?? [],
    lineage: about.lineage ?? {},
    registeredBy: request.caller.subject,
  }
  const append = (tx: Tx): Promise<void> => parts.audit.append(tx, [entry(request, 'C', 'model-register', 201)])
  const { version, isNew }: Registered = await registerVersion(parts, registration, graph, append)
  reply
    .code(isNew ? 201 : 200)
    .header('location', pathOf(name, version.version))
    .header('etag', etagOf(version))
  return versionJson(version)
}

async function setStage(parts: RegistryRouteParts, request: FastifyRequest, reply: FastifyReply) {
  await checkChange(parts, request, 'change-stage')
  const { sql, audit } = parts
  const { stage, reason = '' } = request.body as Static<typeof schemas.StageBody>
  const condition = request.headers['if-match']
  if (condition === undefined) {
    throw new AppError('invalid-request', 'Send If-Match with the etag of the version, so that no change is overlooked')
  }
  const version = await versionAt(parts, request)
  if (condition !== '*' && condition !== etagOf(version)) {
    throw new AppError(
      'precondition-failed',
      `Version ${version.version} of ${version.model} has changed since it was read`,
    )
  }
  checkStageChange(version, stage)
  const changed = await sql.transaction(async (tx) => {
    await audit.append(tx, [entry(request, 'U', 'model-stage', 200)])
    return changeStage(tx, version, stage, { reason, by: request.caller.subject })
  })
  // This process serves the change before it answers; the others hear of it.
  if (stage === 'production' || version.stage === 'production') await parts.models.refresh(version.model)
  reply.header('etag', etagOf(changed))
  return versionJson(changed)
}

/** The routes under `/api/v1/models`. */
export function registryRoutes(parts: RegistryRouteParts): FastifyPluginAsync {
  const { NoQuery, ModelAddress, VersionAddress, ModelsQuery, VersionsQuery, StageBody } = schemas
  const address = { params: VersionAddress, querystring: NoQuery }
  return async (app) => {
    await app.register(multipart)
    app.get('/api/v1/models', { schema: { querystring: ModelsQuery } }, (request) => list(parts, request))
    const model = { params: ModelAddress, querystring: VersionsQuery }
    app.get('/api/v1/models/:name', { schema: model }, (request) => show(parts, request))
    const upload = {
      schema: { params: ModelAddress, querystring: NoQuery },
      bodyLimit: parts.maxModelBytes + 1_048_576,
      handlerTimeout: uploadMs,
    }
    app.post('/api/v1/models/:name/versions', upload, (request, reply) => register(parts, request, reply))
    const one = '/api/v1/models/:name/versions/:version'
    app.get(one, { schema: address }, (request, reply) => showVersion(parts, request, reply))
    app.get(`${one}/card`, { schema: address }, (request, reply) => showCard(parts, request, reply))
    app.get(`${one}/artefact`, { schema: address }, (request, reply) => download(parts, request, reply))
    app.put(`${one}/stage`, { schema: { ...address, body: StageBody } }, (request, reply) =>
      setStage(parts, request, reply),
    )
  }
}
