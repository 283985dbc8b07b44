// Codecs out of process: bit-exact where they must be, refusals in words, and a broken child that is replaced.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { compressedFrames, metadataOf, type PixelDescription, pixelDescription, readHeader } from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createDicomCodecs } from './index.ts'

const folder = new URL('../../../../../../shared/data/dicom/transfer-syntaxes/', import.meta.url)
const skip = existsSync(folder) ? false : 'put the DICOM test images into ../shared/data/dicom'
const codecs = createDicomCodecs({ log: silentLogger })
after(() => codecs.close())

const refused = (code: AppError['code']) => (error: unknown) => error instanceof AppError && error.code === code

const grey: PixelDescription = {
  ...{ rows: 16, columns: 16, frames: 1, samplesPerPixel: 1, bitsAllocated: 8, bitsStored: 8 },
  ...{ isSigned: false, isPlanar: false, photometricInterpretation: 'MONOCHROME2' },
}

function open(name: string) {
  const header = readHeader(readFileSync(new URL(name, folder)))
  const description = pixelDescription(metadataOf(header, { bulkDataUri: (path) => path }))
  assert.ok(description !== undefined && header.pixelData !== undefined)
  return { header, description, offset: header.pixelData.offset }
}

async function decode(name: string): Promise<Buffer> {
  const { header, description, offset } = open(name)
  const [bytes] = compressedFrames(header.bytes, offset, description.frames)
  assert.ok(bytes)
  return Buffer.from((await codecs.decode({ transferSyntax: header.transferSyntax, description, bytes })).bytes)
}

test('decodes lossless images to the very bytes, lossy ones near them', { skip }, async () => {
  const { header, offset } = open('CTImage.dcm_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm')
  const original = Buffer.from(header.bytes.subarray(offset, offset + 524_288))
  const names = readdirSync(folder).filter((name) =>
    /^CTImage.*(RLE|JPEGLSLossless|JPEG2000Lossless|JPEGProcess14)/.test(name),
  )
  assert.equal(names.length, 5)
  for (const name of names) assert.ok((await decode(name)).equals(original), name)
  const lossy = await decode('CTImage.dcm_JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81.dcm')
  let worst = 0
  for (let at = 0; at < lossy.length; at += 2) {
    worst = Math.max(worst, Math.abs(lossy.readInt16LE(at) - original.readInt16LE(at)))
  }
  assert.ok(worst > 0 && worst <= 10, String(worst))
})

test('decodes 12-bit JPEG of every process, and frames in several fragments', { skip }, async () => {
  for (const name of readdirSync(folder).filter((name) => /Process(2_4|6_8|10_12)|CT0012/.test(name))) {
    assert.equal((await decode(name)).length, 524_288, name)
  }
})

test('encodes a picture as JPEG that decodes to nearly the same', async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_none, at) => at)
  const jpeg = await codecs.encodeJpeg({ rows: 16, columns: 16, samplesPerPixel: 1, bytes }, 95)
  assert.deepEqual([...jpeg.subarray(0, 3)], [0xff, 0xd8, 0xff])
  const back = await codecs.decode({ transferSyntax: '1.2.840.10008.1.2.4.50', description: grey, bytes: jpeg })
  assert.ok(back.bytes.every((value, at) => Math.abs(value - at) < 12))
})

test('refuses what it cannot decode, and lives on', async () => {
  const bytes = Uint8Array.from({ length: 500 }, (_none, at) => (at * 37) % 256)
  for (const transferSyntax of [
    '1.2.840.10008.1.2.4.50',
    '1.2.840.10008.1.2.4.90',
    '1.2.840.10008.1.2.4.80',
    '1.2.3',
  ]) {
    await assert.rejects(codecs.decode({ transferSyntax, description: grey, bytes }), AppError)
  }
  assert.ok((await codecs.encodeJpeg({ rows: 16, columns: 16, samplesPerPixel: 1, bytes }, 90)).length > 0)
})

test('a killed child fails the frame under way and is replaced', async () => {
  await codecs.encodeJpeg({ rows: 16, columns: 16, samplesPerPixel: 1, bytes: new Uint8Array(256) }, 90)
  const before = codecs.pid ?? 0
  process.kill(before, 'SIGSTOP')
  const held = codecs.encodeJpeg({ rows: 16, columns: 16, samplesPerPixel: 1, bytes: new Uint8Array(256) }, 90)
  const failed = assert.rejects(held, refused('unprocessable'))
  setTimeout(() => process.kill(before, 'SIGKILL'), 50)
  await failed
  const until = Date.now() + 10_000
  let again: Uint8Array | undefined
  while (again === undefined && Date.now() < until) {
    const picture = { rows: 16, columns: 16, samplesPerPixel: 1, bytes: new Uint8Array(256) } as const
    again = await codecs.encodeJpeg(picture, 90).catch(() => delay(20, undefined))
  }
  assert.ok(again !== undefined && codecs.pid !== before)
})
