// What a codec for pixels does; engines do it out of process, for the bytes are strangers'.
import type { PixelDescription } from './pixels.ts'

/** One compressed frame with what is needed to decode it. */
export interface CompressedFrame {
  readonly transferSyntax: string
  readonly description: PixelDescription
  readonly bytes: Uint8Array
}

/** A decoded frame: little-endian, as `description` says. */
export interface NativeFrame {
  readonly description: PixelDescription
  readonly bytes: Uint8Array
}

/** An 8-bit image to be sent as a picture: `[rows, columns, samples]`, row-major, samples interleaved. */
export interface Picture {
  readonly rows: number
  readonly columns: number
  /** 1 for grey, 3 for red, green and blue. */
  readonly samplesPerPixel: 1 | 3
  readonly bytes: Uint8Array
}

/** Decodes and encodes pixels. Both reject with AppError: 'not-acceptable' for what cannot be coded here. */
export interface PixelCodec {
  decode(frame: CompressedFrame, signal?: AbortSignal): Promise<NativeFrame>
  /** @param quality from 1 to 100 */
  encodeJpeg(picture: Picture, quality: number, signal?: AbortSignal): Promise<Uint8Array>
}
