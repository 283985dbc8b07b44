// HTTP of the article's call: POST /predict/lung-nodule, multipart with the field `file`.
import multipart from '@fastify/multipart'
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Guard } from '../guarded.ts'
import { type PredictPorts, predict } from './predict.ts'
import { predictionText } from './predict-answer.ts'

/** What the route needs. */
export interface PredictRouteOptions {
  readonly ports: PredictPorts
  readonly guard: Guard
}

const maxFileBytes = 32 * 1024 * 1024
const bodyLimit = maxFileBytes + 1024 * 1024

function refusalOf(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'FST_REQ_FILE_TOO_LARGE')
    return new AppError('too-large', `A file may have ${maxFileBytes} bytes at most`)
  if (code === 'FST_INVALID_MULTIPART_CONTENT_TYPE') {
    return new AppError('unsupported-media-type', 'Send multipart/form-data with the image in the field "file"')
  }
  const isFormFault =
    /^(FST_(FILES|PARTS|FIELDS)_LIMIT|ECONNRESET)$/.test(code) ||
    (error instanceof Error && /multipart|form/i.test(error.message))
  return isFormFault
    ? new AppError('malformed-body', 'The multipart body cannot be read: send one file', { cause: error })
    : error
}

async function fileOf(request: FastifyRequest): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  if (!request.isMultipart()) {
    throw new AppError('unsupported-media-type', 'Send multipart/form-data with the image in the field "file"')
  }
  try {
    const part = await request.file()
    if (part === undefined)
      throw new AppError('invalid-request', 'The form has no file: send the image in the field "file"')
    const bytes = await part.toBuffer()
    if (part.fieldname !== 'file') throw new AppError('invalid-request', 'The image belongs in the field "file"')
    if (bytes.length === 0) throw new AppError('unprocessable', 'The file is empty')
    return { name: part.filename.slice(0, 255), bytes }
  } catch (error) {
    throw error instanceof AppError ? error : refusalOf(error)
  }
}

/** Adds the route, in a scope of its own: nowhere else are forms read. */
export function addPredictRoutes(app: FastifyInstance, { ports, guard }: PredictRouteOptions): void {
  void app.register(async (scope) => {
    await scope.register(multipart, { limits: { files: 1, fields: 8, fileSize: maxFileBytes } })
    const use = { use: 'create', action: 'E', interaction: 'predict-lung-nodule' } as const
    const handle = guard(use, async (request, reply) => {
      const marked = await predict(await fileOf(request), ports, request.deadline)
      reply.type('application/json; charset=utf-8')
      return { body: predictionText(marked) }
    })
    scope.post('/predict/lung-nodule', { bodyLimit }, handle)
  })
}
