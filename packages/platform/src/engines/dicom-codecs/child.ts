// The child process: decodes and encodes pixels in WebAssembly; strangers' bytes that break it break nothing else.
import { Socket } from 'node:net'
import type { PixelDescription } from '@xinglin/core/dicom'
import codecs from 'dcmjs-codecs'
import { createFrameReader, type Frame, writeFrame } from '../../kernel/frames.ts'

const { Context, log, NativeCodecs } = codecs

type Decode = (context: codecs.Context) => codecs.Context

const pipe = new Socket({ fd: 3, readable: true, writable: true })
log.disableAll()

// One decoder reads a whole family; the stream itself says which member it is.
const decoders: readonly (readonly [RegExp, Decode])[] = [
  [/^1\.2\.840\.10008\.1\.2\.5$/, (context) => NativeCodecs.decodeRle(context)],
  [/^1\.2\.840\.10008\.1\.2\.4\.(50|51|53|55|57|70)$/, (context) => NativeCodecs.decodeJpeg(context)],
  [/^1\.2\.840\.10008\.1\.2\.4\.8[01]$/, (context) => NativeCodecs.decodeJpegLs(context)],
  [/^1\.2\.840\.10008\.1\.2\.4\.9[01]$/, (context) => NativeCodecs.decodeJpeg2000(context)],
  [/^1\.2\.840\.10008\.1\.2\.4\.20[123]$/, (context) => NativeCodecs.decodeHtJpeg2000(context)],
]

function decode({ header, blob }: Frame): void {
  const description = header['description'] as PixelDescription // written by codecs.ts
  const { rows, columns, bitsAllocated, bitsStored, samplesPerPixel, isSigned, isPlanar } = description
  const decoder = decoders.find(([pattern]) => pattern.test(String(header['transferSyntax'])))?.[1]
  if (decoder === undefined) throw new Error('there is no decoder for this transfer syntax')
  const decoded = decoder(
    new Context({
      ...{ width: columns, height: rows, bitsAllocated, bitsStored, samplesPerPixel, encodedBuffer: blob },
      pixelRepresentation: isSigned ? 1 : 0,
      planarConfiguration: isPlanar ? 1 : 0,
      photometricInterpretation: description.photometricInterpretation,
    }),
  )
  const bytes = decoded.getDecodedBuffer()
  if (bytes === undefined) throw new Error('the decoder gave nothing')
  const changed = {
    bitsAllocated: decoded.getBitsAllocated() ?? bitsAllocated,
    isPlanar: decoded.getPlanarConfiguration() === 1,
    photometricInterpretation: decoded.getPhotometricInterpretation() ?? description.photometricInterpretation,
  }
  writeFrame(pipe, { kind: 'done', id: header['id'], changed }, { blob: bytes })
}

function encode({ header, blob }: Frame): void {
  const samplesPerPixel = Number(header['samplesPerPixel'])
  const encoded = NativeCodecs.encodeJpeg(
    new Context({
      ...{ width: Number(header['columns']), height: Number(header['rows']), bitsAllocated: 8, bitsStored: 8 },
      ...{ samplesPerPixel, pixelRepresentation: 0, planarConfiguration: 0, decodedBuffer: blob },
      photometricInterpretation: samplesPerPixel === 1 ? 'MONOCHROME2' : 'RGB',
    }),
    { lossy: true, quality: Number(header['quality']) },
  )
  writeFrame(pipe, { kind: 'done', id: header['id'] }, { blob: encoded.getEncodedBuffer() ?? new Uint8Array(0) })
}

function answer(frame: Frame): void {
  const { kind, id } = frame.header
  try {
    if (kind === 'decode') decode(frame)
    else if (kind === 'encode') encode(frame)
    else writeFrame(pipe, { kind: 'done', id })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    writeFrame(pipe, { kind: 'refused', id, message: message.slice(0, 300) })
  }
}

await NativeCodecs.initializeAsync({ logCodecsInfo: false, logCodecsTrace: false })
pipe.on('data', createFrameReader(answer))
pipe.on('close', () => process.exit(0)) // the parent is gone
pipe.on('error', () => process.exit(0))
writeFrame(pipe, { kind: 'ready' })
