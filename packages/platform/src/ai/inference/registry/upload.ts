// Reads the upload of a version: multipart with the parts `version` (JSON) and `model` (the bytes of model.onnx).
import { AppError } from '@xinglin/core/errors'
import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { RegistrationBody } from './schemas.ts'

/** An upload as read. */
export interface Upload {
  readonly about: Static<typeof RegistrationBody>
  readonly graph: Uint8Array
}

const maxJsonBytes = 262_144

function aboutOf(request: FastifyRequest, text: string): Upload['about'] {
  const parsed = parse(text)
  const validate = request.compileValidationSchema(RegistrationBody)
  if (validate(parsed)) return parsed as Upload['about'] // as the schema says
  const [first] = validate.errors ?? []
  const where = first?.instancePath ? ` ${first.instancePath}` : ''
  throw new AppError('invalid-request', `The part version:${where} ${first?.message ?? 'does not fit'}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('malformed-body', 'The part version is not JSON', { cause })
  }
}

async function readParts(request: FastifyRequest, maxModelBytes: number): Promise<ReadonlyMap<string, Buffer>> {
  const parts = new Map<string, Buffer>()
  const limits = { fileSize: maxModelBytes, fieldSize: maxJsonBytes, files: 2, fields: 2, parts: 3 }
  for await (const part of request.parts({ limits })) {
    if (!['version', 'model'].includes(part.fieldname) || parts.has(part.fieldname)) {
      throw new AppError('invalid-request', 'An upload has one part version and one part model, and no other')
    }
    parts.set(part.fieldname, part.type === 'file' ? await part.toBuffer() : Buffer.from(String(part.value)))
  }
  return parts
}

// A limit speaks with its own status; what else the parser says is about a body without boundary, or one that breaks off.
function refusalOf(error: unknown): unknown {
  if (error instanceof AppError || (error instanceof Error && 'statusCode' in error)) return error
  return new AppError('malformed-body', 'The multipart body cannot be read, or breaks off', { cause: error })
}

/** Reads an upload. @throws AppError when a part is missing, twice, unknown, or too large */
export async function readUpload(request: FastifyRequest, maxModelBytes: number): Promise<Upload> {
  if (!request.isMultipart()) {
    throw new AppError(
      'unsupported-media-type',
      'Send multipart/form-data with the parts version (JSON) and model (ONNX)',
    )
  }
  const parts = await readParts(request, maxModelBytes).catch((error: unknown) => {
    // What a refusal leaves unread would lie before the next request of the connection, which then waits for ever.
    request.raw.unpipe()
    request.raw.resume()
    throw refusalOf(error)
  })
  const about = parts.get('version')
  const graph = parts.get('model')
  if (about === undefined || graph === undefined) {
    throw new AppError('invalid-request', 'The upload lacks its part version (JSON) or model (ONNX)')
  }
  if (about.byteLength > maxJsonBytes)
    throw new AppError('too-large', `The part version is larger than ${maxJsonBytes} bytes`)
  return { about: aboutOf(request, about.toString()), graph }
}
