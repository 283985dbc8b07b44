// HTTP of STOW-RS (PS3.18 section 10.5) and of deletion.
import { Readable } from 'node:stream'
import { dicomJsonText } from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance } from 'fastify'
import type { Guard } from '../guarded.ts'
import { deleteImages } from '../store/delete.ts'
import { type IngestPorts, ingest } from '../store/ingest.ts'
import type { Incoming } from '../store/receive.ts'
import { chooseType, parseAccept } from '../wado/accept.ts'
import { addressParameters, type ImageParameters } from '../wado/parameters.ts'
import { storeAnswer } from './answer.ts'
import { bodyChunks } from './body-chunks.ts'
import { boundaryOf, multipartParts } from './multipart.ts'

/** What the routes need. */
export interface StoreRouteOptions {
  readonly ports: IngestPorts
  readonly guard: Guard
  readonly baseUrl: string
}

const dicomJson = 'application/dicom+json'
const storeLimitMs = 600_000

async function* partsOf(contentType: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Incoming> {
  const boundary = boundaryOf(contentType)
  if (boundary === undefined) throw new AppError('malformed-body', 'Content-Type names no boundary')
  for await (const part of multipartParts(body, boundary)) {
    const type = part.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'application/dicom'
    if (type !== 'application/dicom') {
      throw new AppError('unsupported-media-type', `A part is ${type.slice(0, 100)}; only application/dicom is stored`)
    }
    yield part.body
  }
}

async function* single(body: Incoming): AsyncGenerator<Incoming> {
  yield body
}

const notStored = (): AppError =>
  new AppError('unsupported-media-type', 'Send multipart/related with parts of application/dicom')

function incomingOf(contentType: string, body: AsyncIterable<Uint8Array>): AsyncIterable<Incoming> {
  const type = contentType.split(';')[0]?.trim().toLowerCase()
  if (type === 'multipart/related') return partsOf(contentType, body)
  if (type === 'application/dicom') return single(body)
  throw notStored()
}

interface WholeBody {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Reads on to the end in the background. */
  drain(): void
}

// What a refusal leaves unread would lie before the next request of the connection, which then waits for ever.
function wholeBody(body: object): WholeBody {
  if (!(body instanceof Readable)) throw notStored() // JSON, which is parsed already
  const iterator = bodyChunks(body)
  const next = () =>
    iterator.next().catch((cause: unknown) => {
      throw new AppError('malformed-body', 'The body breaks off', { cause })
    })
  const chunks = { [Symbol.asyncIterator]: () => ({ next }) }
  const rest = async (): Promise<void> => {
    for await (const _chunk of chunks);
  }
  return { chunks, drain: () => void rest().catch(() => undefined) } // the sender is gone: nothing is left to read
}

/** Adds the routes. */
export function addStoreRoutes(app: FastifyInstance, { ports, guard, baseUrl }: StoreRouteOptions): void {
  const store = guard({ use: 'create', action: 'C', interaction: 'dicom-store' }, async (request, reply) => {
    chooseType(parseAccept(request.headers.accept), [dicomJson, 'application/json'])
    const { body, caller, traceId } = request
    const { study } = request.params as Partial<ImageParameters>
    if (body === undefined || body === null) throw new AppError('malformed-body', 'The body is empty')
    const { chunks, drain } = wholeBody(Object(body))
    const incoming = incomingOf(request.headers['content-type'] ?? '', chunks)
    const stored = { caller, traceId, incoming, ...(study === undefined ? {} : { studyUid: study }) }
    const result = await ingest(stored, ports).finally(drain)
    if (result.stored.length + result.refused.length === 0) {
      throw new AppError('malformed-body', 'The body holds no DICOM object')
    }
    const answer = storeAnswer(result, baseUrl)
    reply.type(dicomJson)
    const isRecorded = result.stored.some(({ outcome }) => outcome === 'stored')
    const entities = [...new Set(result.stored.map(({ studyUid }) => `ImagingStudy/${studyUid}`))].slice(0, 100)
    return { body: dicomJsonText(answer.body), status: answer.status, entities, isRecorded }
  })
  const remove = guard({ use: 'delete', action: 'D', interaction: 'dicom-delete' }, async (request) => {
    const address = request.params as ImageParameters
    const { caller, traceId } = request
    await deleteImages({ caller, traceId, address }, ports)
    return { body: undefined, status: 204, isRecorded: true }
  })
  app.post('/dicom-web/studies', { handlerTimeout: storeLimitMs }, store)
  app.post('/dicom-web/studies/:study', { handlerTimeout: storeLimitMs, schema: addressParameters }, store)
  for (const path of ['', '/series/:series', '/series/:series/instances/:instance']) {
    app.delete(`/dicom-web/studies/:study${path}`, { schema: addressParameters }, remove)
  }
}
