// The transfer syntaxes (PS3.5, PS3.6 table A-1): how a data set and its pixels are encoded.

/** How one transfer syntax encodes. */
export interface TransferSyntax {
  readonly uid: string
  readonly name: string
  /** True when the pixels are compressed fragments. */
  readonly isEncapsulated: boolean
  readonly isBigEndian: boolean
  readonly isDeflated: boolean
  /** Media type of a compressed frame (PS3.18 section 8.7.3). */
  readonly frameMediaType: string
}

/** Explicit VR Little Endian: what DICOMweb serves when nothing else is asked for. */
export const explicitLittleEndian = '1.2.840.10008.1.2.1'
/** Implicit VR Little Endian: the default of DIMSE. */
export const implicitLittleEndian = '1.2.840.10008.1.2'
/** Deflated Explicit VR Little Endian. */
export const deflatedLittleEndian = '1.2.840.10008.1.2.1.99'

const native = 'application/octet-stream'
const rows: readonly (readonly [uid: string, name: string, frameMediaType: string])[] = [
  [implicitLittleEndian, 'Implicit VR Little Endian', native],
  [explicitLittleEndian, 'Explicit VR Little Endian', native],
  [deflatedLittleEndian, 'Deflated Explicit VR Little Endian', native],
  ['1.2.840.10008.1.2.2', 'Explicit VR Big Endian', native],
  ['1.2.840.10008.1.2.5', 'RLE Lossless', 'image/dicom-rle'],
  ['1.2.840.10008.1.2.4.50', 'JPEG Baseline (Process 1)', 'image/jpeg'],
  ['1.2.840.10008.1.2.4.51', 'JPEG Extended (Process 2 and 4)', 'image/jpeg'],
  ['1.2.840.10008.1.2.4.53', 'JPEG Spectral Selection (Process 6 and 8)', 'image/jpeg'],
  ['1.2.840.10008.1.2.4.55', 'JPEG Full Progression (Process 10 and 12)', 'image/jpeg'],
  ['1.2.840.10008.1.2.4.57', 'JPEG Lossless (Process 14)', 'image/jpeg'],
  ['1.2.840.10008.1.2.4.70', 'JPEG Lossless (Process 14, Selection Value 1)', 'image/jpeg'],
  ['1.2.840.10008.1.2.4.80', 'JPEG-LS Lossless', 'image/jls'],
  ['1.2.840.10008.1.2.4.81', 'JPEG-LS Near-Lossless', 'image/jls'],
  ['1.2.840.10008.1.2.4.90', 'JPEG 2000 Lossless', 'image/jp2'],
  ['1.2.840.10008.1.2.4.91', 'JPEG 2000', 'image/jp2'],
  ['1.2.840.10008.1.2.4.201', 'High-Throughput JPEG 2000 Lossless', 'image/jphc'],
  ['1.2.840.10008.1.2.4.202', 'High-Throughput JPEG 2000 with RPCL Lossless', 'image/jphc'],
  ['1.2.840.10008.1.2.4.203', 'High-Throughput JPEG 2000', 'image/jphc'],
  ['1.2.840.10008.1.2.4.100', 'MPEG2 Main Profile at Main Level', 'video/mpeg'],
  ['1.2.840.10008.1.2.4.102', 'MPEG-4 AVC/H.264 High Profile', 'video/mp4'],
  ['1.2.840.10008.1.2.4.103', 'MPEG-4 AVC/H.264 BD-compatible', 'video/mp4'],
]

/** Every transfer syntax that is known by name, by UID. */
export const transferSyntaxes: ReadonlyMap<string, TransferSyntax> = new Map(
  rows.map(([uid, name, frameMediaType]) => [
    uid,
    {
      uid,
      name,
      frameMediaType,
      isEncapsulated: frameMediaType !== native,
      isBigEndian: uid === '1.2.840.10008.1.2.2',
      isDeflated: uid === deflatedLittleEndian,
    },
  ]),
)

/** The transfer syntax of a UID; one that is not known is taken for compressed, as PS3.5 section A.4 does. */
export function transferSyntaxOf(uid: string): TransferSyntax {
  const known = transferSyntaxes.get(uid)
  if (known !== undefined) return known
  const frameMediaType = 'application/octet-stream'
  return { uid, name: uid, isEncapsulated: true, isBigEndian: false, isDeflated: false, frameMediaType }
}
