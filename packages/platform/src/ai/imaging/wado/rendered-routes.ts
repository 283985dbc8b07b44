// HTTP of rendered images and thumbnails (PS3.18 sections 10.4.1.1.3 and 10.4.1.1.4): a frame as PNG or JPEG.
import type { GreyWindow, Picture, WindowFunction } from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ImagingAccess } from '../access.ts'
import type { Answer } from '../guarded.ts'
import { chooseType } from './accept.ts'
import { describe, nativeFrames, requireFrames } from './frames.ts'
import { findInstances } from './instance-store.ts'
import { addressParameters, type ImageParameters } from './parameters.ts'
import { type Rendering, renderFrame } from './picture.ts'
import { encodePng } from './png.ts'
import { acceptedOf, findImage, type RetrieveRouteOptions } from './routes.ts'

type Values = Readonly<Record<string, unknown>>

const jpeg = 'image/jpeg'
const png = 'image/png'
const defaultQuality = 90
const thumbnailSide = 128
const maxViewport = 4096
const functions: Readonly<Record<string, WindowFunction>> = {
  linear: 'linear',
  'linear-exact': 'linear-exact',
  sigmoid: 'sigmoid',
}

function refuse(sentence: string): never {
  throw new AppError('invalid-parameter', sentence)
}

function numbers(name: string, value: unknown): readonly number[] {
  const texts =
    typeof value === 'string' && value.length < 100 ? value.split(',') : refuse(`${name} must be given once`)
  return texts.map(Number)
}

function windowOf(value: unknown): Pick<Rendering, 'window' | 'windowFunction'> {
  const [center = Number.NaN, width = Number.NaN] = numbers('window', value)
  const kind = functions[String(value).split(',')[2] ?? 'linear']
  const isValid = Number.isFinite(center) && Number.isFinite(width) && width > 0 && kind !== undefined
  if (!isValid)
    refuse('window must be center,width,function with linear, linear-exact or sigmoid, e.g. -600,1500,linear')
  const window: GreyWindow = { center, width }
  return { window, windowFunction: kind }
}

function viewportOf(value: unknown): Pick<Rendering, 'viewport'> {
  const [columns = 0, rows = 0, ...crop] = numbers('viewport', value)
  const isValid = crop.length === 0 && [columns, rows].every((side) => Number.isInteger(side) && side > 0)
  if (!isValid || Math.max(columns, rows) > maxViewport) {
    refuse(`viewport must be width,height of 1 to ${maxViewport} pixels; parts of an image are not cut out here`)
  }
  return { viewport: { columns, rows } }
}

function qualityOf(value: unknown): number {
  const [quality = Number.NaN] = numbers('quality', value)
  return Number.isInteger(quality) && quality >= 1 && quality <= 100 ? quality : refuse('quality must be from 1 to 100')
}

function renderingOf(query: Values): Rendering & { readonly quality: number } {
  const { accept: _accept, window, viewport, quality, ...others } = query
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) {
    throw new AppError(
      'unknown-parameter',
      `${unknown.slice(0, 64)} is not supported; window, viewport and quality are`,
    )
  }
  return {
    ...(window === undefined ? {} : windowOf(window)),
    ...(viewport === undefined ? {} : viewportOf(viewport)),
    quality: quality === undefined ? defaultQuality : qualityOf(quality),
  }
}

async function encode(picture: Picture, type: string, quality: number, options: RetrieveRouteOptions): Promise<Buffer> {
  if (type === png) return await encodePng(picture)
  return Buffer.from(await options.codec.encodeJpeg(picture, quality))
}

// Of a study or series its middle instance stands for the whole.
async function instanceOf(address: ImageParameters, access: ImagingAccess, { sql }: RetrieveRouteOptions) {
  if (address.instance !== undefined) return address
  const instances = (await findInstances(sql, address, access)).filter(({ frames }) => frames > 0)
  const middle = instances[instances.length >> 1]
  if (middle === undefined) throw new AppError('not-found', 'There is no image to show')
  return { study: middle.studyUid, series: middle.seriesUid, instance: middle.sopUid }
}

async function render(
  request: FastifyRequest,
  reply: FastifyReply,
  access: ImagingAccess,
  options: RetrieveRouteOptions & { readonly viewport?: Rendering['viewport'] },
): Promise<Answer> {
  const type = chooseType(acceptedOf(request), [jpeg, png])
  const { quality, ...rendering } = renderingOf(request.query as Values)
  const { frames, ...given } = request.params as ImageParameters
  const image = await findImage(options.sql, await instanceOf(given, access, options), access)
  const number = Number(frames ?? 1)
  requireFrames([number], describe(image))
  const [frame] = await nativeFrames(image, [number], options)
  if (frame === undefined) throw new AppError('not-found', 'There is no image to show')
  const viewport = rendering.viewport ?? options.viewport
  const picture = renderFrame(frame, image.metadata, { ...rendering, ...(viewport === undefined ? {} : { viewport }) })
  reply.type(type)
  const { studyUid, patient } = image.instance
  return {
    body: await encode(picture, type, quality, options),
    entities: [`ImagingStudy/${studyUid}`],
    patients: patient === undefined ? [] : [patient],
  }
}

/** Adds the routes. */
export function addRenderedRoutes(app: FastifyInstance, options: RetrieveRouteOptions): void {
  const use = { use: 'read', action: 'R', interaction: 'dicom-render' } as const
  const study = '/dicom-web/studies/:study'
  const series = `${study}/series/:series`
  const instance = `${series}/instances/:instance`
  const route = { schema: addressParameters }
  const rendered = options.guard(use, (request, reply, access) => render(request, reply, access, options))
  const viewport = { columns: thumbnailSide, rows: thumbnailSide }
  const thumbnail = options.guard(use, (request, reply, access) =>
    render(request, reply, access, { ...options, viewport }),
  )
  for (const path of [instance, `${instance}/frames/:frames`]) app.get(`${path}/rendered`, route, rendered)
  for (const path of [study, series, instance, `${instance}/frames/:frames`]) {
    app.get(`${path}/thumbnail`, route, thumbnail)
  }
}
