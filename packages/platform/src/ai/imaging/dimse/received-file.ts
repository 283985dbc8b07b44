// A data set as C-STORE sends it, made a Part 10 file: its own bytes behind a header of ours (PS3.10 section 7.1).
import { datasetBytes, joinBytes } from '@xinglin/core/dicom/writing'

/** What the association says of a data set. */
export interface ReceivedDataset {
  readonly sopClass: string
  readonly sopInstance: string
  readonly transferSyntax: string
  /** AE title of the sender. */
  readonly sender: string
  readonly bytes: Uint8Array
}

const preambleBytes = 128
const implementationClass = '2.25.214740289561397018832519603348217753924'

/** Writes the file; the bytes of the data set stay as they came. */
export function receivedFile({ sopClass, sopInstance, transferSyntax, sender, bytes }: ReceivedDataset): Uint8Array {
  const meta = datasetBytes({
    '00020001': ['OB', Uint8Array.of(0, 1)],
    '00020002': ['UI', [sopClass]],
    '00020003': ['UI', [sopInstance]],
    '00020010': ['UI', [transferSyntax]],
    '00020012': ['UI', [implementationClass]],
    '00020013': ['SH', ['XINGLIN']],
    '00020016': ['AE', [sender]],
  })
  const start = new Uint8Array(preambleBytes + 4)
  start.set(new TextEncoder().encode('DICM'), preambleBytes)
  return joinBytes([start, datasetBytes({ '00020000': ['UL', [meta.length]] }), meta, bytes])
}
