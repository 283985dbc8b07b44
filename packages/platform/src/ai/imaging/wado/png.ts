// Writes PNG (ISO/IEC 15948): 8-bit grey or colour, compressed beside the event loop.
import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'
import type { Picture } from '@xinglin/core/dicom'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const greyType = 0
const colourType = 2
const upFilter = 2
const level = 3
const compress = promisify(deflate) as (bytes: Uint8Array, options: { readonly level: number }) => Promise<Buffer>

function chunk(name: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const whole = Buffer.alloc(named.length + 8)
  whole.writeUInt32BE(data.length, 0)
  named.copy(whole, 4)
  whole.writeUInt32BE(crc32(named), named.length + 4)
  return whole
}

// Each row as its difference to the one above: smooth images then compress to a fraction.
function filtered({ rows, columns, samplesPerPixel, bytes }: Picture): Buffer {
  const stride = columns * samplesPerPixel
  const lines = Buffer.alloc(rows * (stride + 1))
  for (let row = 0; row < rows; row++) {
    const to = row * (stride + 1)
    const from = row * stride
    lines[to] = upFilter
    for (let at = 0; at < stride; at++) {
      const above = row === 0 ? 0 : (bytes[from - stride + at] ?? 0)
      lines[to + 1 + at] = (bytes[from + at] ?? 0) - above
    }
  }
  return lines
}

/** Encodes a picture as PNG. */
export async function encodePng(picture: Picture): Promise<Buffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(picture.columns, 0)
  header.writeUInt32BE(picture.rows, 4)
  header.set([8, picture.samplesPerPixel === 1 ? greyType : colourType, 0, 0, 0], 8)
  const data = await compress(filtered(picture), { level })
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array())])
}
