// Compression of SEAL's bytes by Node's own zlib, with a limit that ends a compression bomb.
import { constants, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Inflate, Packing } from '@xinglin/core/ckks'

/** Undoes SEAL's compression up to a number of bytes. */
export const inflate: Inflate = (compression, bytes, maxBytes) => {
  const undo = compression === 'zstd' ? zstdDecompressSync : inflateSync
  return undo(bytes, { maxOutputLength: maxBytes })
}

// Ciphertexts look random: the lowest level leaves out their unused bits as well as the highest does, in a third of the time.
const params = { [constants.ZSTD_c_compressionLevel]: 1 }

/** Writes for SEAL 4.y, compressed as SEAL does by default. */
export function packingFor(minorVersion: number): Packing {
  return { minorVersion, compress: (bytes) => ({ compression: 'zstd', bytes: zstdCompressSync(bytes, { params }) }) }
}
