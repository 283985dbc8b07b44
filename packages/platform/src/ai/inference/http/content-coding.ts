// gzip and deflate: bodies that come compressed, with a limit to what they unfold to, and answers that are wanted compressed.
import { promisify } from 'node:util'
import { deflate, gunzip, gzip, inflate } from 'node:zlib'
import { invalid, TritonError } from '../protocol/triton-error.ts'

const unfold = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const
const fold = { gzip: promisify(gzip), deflate: promisify(deflate) } as const

/** Undoes the Content-Encoding of a body. @throws TritonError INVALID_ARG or TOO_LARGE */
export async function decodeBody(body: Uint8Array, coding: string | undefined, maxBytes: number): Promise<Uint8Array> {
  if (coding === undefined || coding === '' || coding === 'identity') return body
  if (coding !== 'gzip' && coding !== 'deflate') throw invalid(`the Content-Encoding must be gzip or deflate`)
  try {
    return await unfold[coding](body, { maxOutputLength: maxBytes })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new TritonError('TOO_LARGE', `the body is larger than ${maxBytes} bytes when it is unfolded`, { cause })
    }
    throw invalid(`the body is not ${coding}`, { cause })
  }
}

/** The coding that a client prefers, of those served; undefined for none. */
export function wantedCoding(accepted: string | undefined): 'gzip' | 'deflate' | undefined {
  const wanted = (accepted ?? '').split(',').flatMap((part): ('gzip' | 'deflate')[] => {
    const [name = '', ...options] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/)
    const isRefused = options.some((option) => /^q=0(\.0*)?$/.test(option))
    return !isRefused && (name === 'gzip' || name === 'deflate') ? [name] : []
  })
  return wanted[0]
}

/** Compresses a body. */
export function encodeBody(body: Uint8Array, coding: 'gzip' | 'deflate'): Promise<Buffer> {
  return fold[coding](body, { level: 1 })
}
