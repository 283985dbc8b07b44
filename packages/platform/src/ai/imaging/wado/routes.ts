// HTTP of WADO-RS (PS3.18 section 10.4): studies, series, instances, metadata, frames and bulk data.
import { Readable } from 'node:stream'
import { bulkDataAt, type DicomJson, explicitLittleEndian, readHeader, transferSyntaxOf } from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Sql } from '../../../kernel/sql.ts'
import type { ImagingAccess } from '../access.ts'
import { baseMark } from '../catalogue/entry.ts'
import type { Answer, Guard } from '../guarded.ts'
import { inflateHead } from '../store/receive.ts'
import { type Accepted, chooseType, covers, parseAccept } from './accept.ts'
import {
  chunksOf,
  instanceBytes,
  instanceChunks,
  multipartBody,
  type OutgoingPart,
  type StreamedBody,
} from './bytes.ts'
import { type FramePorts, type Image, nativeFrames, storedFrames, writeExplicit } from './frames.ts'
import { findInstance, findInstances, findMetadata, type StoredInstance } from './instance-store.ts'
import { addressParameters, type ImageParameters } from './parameters.ts'

/** What the routes need. */
export interface RetrieveRouteOptions extends FramePorts {
  readonly sql: Sql
  readonly guard: Guard
  /** Absolute base of /dicom-web as clients see it. */
  readonly baseUrl: string
}

const dicom = 'application/dicom'
const octets = 'application/octet-stream'
const retrieveLimitMs = 600_000
const readUse = { use: 'read', action: 'R', interaction: 'dicom-retrieve' } as const

/** The types that a request accepts; `accept` in the query goes before the header. */
export function acceptedOf(request: FastifyRequest): readonly Accepted[] {
  const { accept } = request.query as { readonly accept?: unknown }
  return parseAccept(request.headers.accept, typeof accept === 'string' ? accept : undefined)
}

function stream(reply: FastifyReply, { contentType, sizeBytes, chunks }: StreamedBody): Readable {
  reply.header('content-type', contentType).header('content-length', sizeBytes)
  return Readable.from(chunks, { objectMode: false, highWaterMark: 1_048_576 })
}

function told(instances: readonly StoredInstance[]): Pick<Answer, 'entities' | 'patients'> {
  const [first] = instances
  if (first === undefined) return {}
  return {
    entities: [`ImagingStudy/${first.studyUid}`],
    patients: first.patient === undefined ? [] : [first.patient],
  }
}

// Without a wish the standard asks for Explicit VR Little Endian; what is stored so, and what `*` allows, goes out as it came.
function wishOf(accepted: readonly Accepted[]): string {
  const found = accepted.find(({ mediaType }) => covers(mediaType, dicom))
  if (found === undefined)
    throw new AppError('not-acceptable', 'This is served as multipart/related; type="application/dicom"')
  return found.transferSyntax ?? explicitLittleEndian
}

// Other syntaxes than the one that every client reads are not made here.
async function explicitBytes(
  instance: StoredInstance,
  wish: string,
  access: ImagingAccess,
  options: RetrieveRouteOptions,
): Promise<Uint8Array> {
  if (wish !== explicitLittleEndian) {
    const stored = transferSyntaxOf(instance.transferSyntax).name
    throw new AppError(
      'not-acceptable',
      `The object is stored as ${stored}; it is served so, or as Explicit VR Little Endian`,
    )
  }
  const { studyUid: study, seriesUid: series, sopUid } = instance
  const image = await findImage(options.sql, { study, series, instance: sopUid }, access)
  return await writeExplicit(image, options)
}

async function instancePart(
  instance: StoredInstance,
  wish: string,
  access: ImagingAccess,
  options: RetrieveRouteOptions,
): Promise<OutgoingPart> {
  const { blobs, baseUrl } = options
  const { studyUid, seriesUid, sopUid, transferSyntax, sizeBytes } = instance
  const location = `${baseUrl}/studies/${studyUid}/series/${seriesUid}/instances/${sopUid}`
  const isAsStored = wish === '*' || wish === transferSyntax
  const contentType = `${dicom}; transfer-syntax=${isAsStored ? transferSyntax : wish}`
  if (isAsStored) return { contentType, location, sizeBytes, read: () => instanceChunks(blobs, instance) }
  const bytes = await explicitBytes(instance, wish, access, options)
  return { contentType, location, sizeBytes: bytes.length, read: () => chunksOf(bytes) }
}

async function retrieve(
  request: FastifyRequest,
  reply: FastifyReply,
  access: ImagingAccess,
  options: RetrieveRouteOptions,
): Promise<Answer> {
  const accepted = acceptedOf(request)
  const wish = wishOf(accepted)
  const instances = await findInstances(options.sql, request.params as ImageParameters, access)
  const parts: OutgoingPart[] = []
  for (const instance of instances) parts.push(await instancePart(instance, wish, access, options))
  const [only] = parts
  const isSingle = accepted[0]?.isMultipart === false && accepted[0].mediaType === dicom
  if (isSingle && parts.length === 1 && only !== undefined) {
    const { contentType, sizeBytes } = only
    return { body: stream(reply, { contentType, sizeBytes, chunks: only.read() }), ...told(instances) }
  }
  return { body: stream(reply, multipartBody(dicom, parts)), ...told(instances) }
}

async function metadata(
  request: FastifyRequest,
  reply: FastifyReply,
  access: ImagingAccess,
  { sql, baseUrl }: RetrieveRouteOptions,
): Promise<Answer> {
  const type = chooseType(acceptedOf(request), ['application/dicom+json', 'application/json'])
  const address = request.params as ImageParameters
  const { text, patients } = await findMetadata(sql, address, access)
  reply.type(type)
  return { body: text.replaceAll(baseMark, baseUrl), entities: [`ImagingStudy/${address.study}`], patients }
}

/** An image with its metadata. @throws AppError 'not-found' */
export async function findImage(sql: Sql, address: ImageParameters, access: ImagingAccess): Promise<Image> {
  const instance = await findInstance(sql, address, access)
  const { text } = await findMetadata(sql, address, access)
  const [dataset = {}] = JSON.parse(text.replaceAll(baseMark, '')) as readonly DicomJson[] // the store wrote it
  return { instance, metadata: dataset }
}

// Compressed frames go out as they are stored when the client names their type or syntax, or takes any.
function isAsStored(accepted: readonly Accepted[], { transferSyntax }: StoredInstance): boolean {
  const { frameMediaType, isEncapsulated } = transferSyntaxOf(transferSyntax)
  for (const { mediaType, transferSyntax: wish } of accepted) {
    if (wish === '*' || wish === transferSyntax) return true
    if (isEncapsulated && mediaType === frameMediaType) return true
    if (covers(mediaType, octets) && (wish === undefined || wish === explicitLittleEndian)) return false
  }
  throw new AppError('not-acceptable', `Frames are served as ${octets}, or as ${frameMediaType} as they are stored`)
}

async function frames(
  request: FastifyRequest,
  reply: FastifyReply,
  access: ImagingAccess,
  options: RetrieveRouteOptions,
): Promise<Answer> {
  const address = request.params as ImageParameters
  const numbers = (address.frames ?? '').split(',').map(Number)
  const accepted = acceptedOf(request)
  const image = await findImage(options.sql, address, access)
  const { instance } = image
  const isStored = isAsStored(accepted, instance)
  const found = isStored
    ? await storedFrames(image, numbers, options)
    : (await nativeFrames(image, numbers, options)).map(({ bytes }) => bytes)
  const { frameMediaType, isEncapsulated } = transferSyntaxOf(instance.transferSyntax)
  const contentType =
    isStored && isEncapsulated ? `${frameMediaType}; transfer-syntax=${instance.transferSyntax}` : octets
  const [only] = found
  if (
    accepted[0]?.isMultipart === false &&
    accepted[0].mediaType === octets &&
    only !== undefined &&
    found.length === 1
  ) {
    reply.type(contentType)
    return { body: Buffer.from(only.buffer, only.byteOffset, only.byteLength), ...told([instance]) }
  }
  const parts = found.map((bytes) => ({ contentType, sizeBytes: bytes.length, read: () => chunksOf(bytes) }))
  return { body: stream(reply, multipartBody(contentType.split(';')[0] ?? octets, parts)), ...told([instance]) }
}

async function bulkData(
  request: FastifyRequest,
  reply: FastifyReply,
  access: ImagingAccess,
  options: RetrieveRouteOptions,
): Promise<Answer> {
  const accepted = acceptedOf(request)
  chooseType(accepted, [octets])
  const address = request.params as ImageParameters & { readonly '*': string }
  const instance = await findInstance(options.sql, address, access)
  const path = address['*'].toUpperCase()
  const bytes =
    path === '7FE00010'
      ? await pixelData(address, access, options)
      : bulkDataAt(readHeader(await instanceBytes(options.blobs, instance), { inflate: inflateHead }), path)
  if (bytes === undefined) throw new AppError('not-found', 'The object has no such value')
  if (accepted[0]?.isMultipart === false && accepted[0].mediaType === octets) {
    reply.type(octets)
    return { body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), ...told([instance]) }
  }
  const parts = [{ contentType: octets, sizeBytes: bytes.length, read: () => chunksOf(bytes) }]
  return { body: stream(reply, multipartBody(octets, parts)), ...told([instance]) }
}

async function pixelData(
  address: ImageParameters,
  access: ImagingAccess,
  options: RetrieveRouteOptions,
): Promise<Uint8Array> {
  const image = await findImage(options.sql, address, access)
  const numbers = Array.from({ length: image.instance.frames }, (_none, index) => index + 1)
  return Buffer.concat((await nativeFrames(image, numbers, options)).map(({ bytes }) => bytes))
}

/** Adds the routes. */
export function addRetrieveRoutes(app: FastifyInstance, options: RetrieveRouteOptions): void {
  const { guard } = options
  const levels = ['', '/series/:series', '/series/:series/instances/:instance'].map(
    (path) => `/dicom-web/studies/:study${path}`,
  )
  const route = { schema: addressParameters, handlerTimeout: retrieveLimitMs }
  const instanceLevel = levels.at(-1) ?? ''
  for (const path of levels) {
    app.get(
      path,
      route,
      guard(readUse, (request, reply, access) => retrieve(request, reply, access, options)),
    )
    app.get(
      `${path}/metadata`,
      route,
      guard(readUse, (request, reply, access) => metadata(request, reply, access, options)),
    )
  }
  app.get(
    `${instanceLevel}/frames/:frames`,
    route,
    guard(readUse, (request, reply, access) => frames(request, reply, access, options)),
  )
  app.get(
    `${instanceLevel}/bulkdata/*`,
    route,
    guard(readUse, (request, reply, access) => bulkData(request, reply, access, options)),
  )
}
