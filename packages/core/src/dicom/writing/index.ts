// The door to writing DICOM: a data set becomes a Part 10 file in Explicit VR Little Endian, by which phantoms and segmentations are made.
import { datasetBytes, joinBytes, type WritableDataset } from './element.ts'

export { datasetBytes, type ElementValue, joinBytes, type WritableDataset } from './element.ts'

/** Transfer syntax of what is written here: Explicit VR Little Endian. */
export const explicitLittleEndian = '1.2.840.10008.1.2.1'

// Roots in 2.25 need no registration (PS3.5 annex B.2): the number is a UUID.
const implementationClass = '2.25.214740289561397018832519603348217753924'
const preambleBytes = 128

/**
 * Writes a Part 10 file (PS3.10 section 7.1).
 * @param dataset must name its SOP Class (00080016) and SOP Instance (00080018)
 */
export function writePart10(dataset: WritableDataset): Uint8Array<ArrayBuffer> {
  const meta: WritableDataset = {
    '00020001': ['OB', Uint8Array.of(0, 1)],
    '00020002': ['UI', dataset['00080016']?.[1] ?? []],
    '00020003': ['UI', dataset['00080018']?.[1] ?? []],
    '00020010': ['UI', [explicitLittleEndian]],
    '00020012': ['UI', [implementationClass]],
    '00020013': ['SH', ['XINGLIN']],
  }
  const group = datasetBytes(meta)
  const start = new Uint8Array(preambleBytes + 4)
  start.set(new TextEncoder().encode('DICM'), preambleBytes)
  return joinBytes([start, datasetBytes({ '00020000': ['UL', [group.length]] }), group, datasetBytes(dataset)])
}

/** The UID of a UUID: `2.25.` and its 128 bits as a decimal number (PS3.5 annex B.2). */
export function uidOfUuid(uuid: string): string {
  return `2.25.${BigInt(`0x${uuid.replaceAll('-', '')}`)}`
}
