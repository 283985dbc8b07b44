// Sends a folder of files: DICOM ones in batches, the rest skipped, everything counted.
import { type StoreCounts, storeFiles } from './imaging-api.ts'

/** How far it is. */
export interface UploadProgress {
  readonly files: number
  /** Files that were looked at: sent or skipped. */
  readonly done: number
  readonly stored: number
  readonly refused: number
  /** Files that are no DICOM objects. */
  readonly skipped: number
}

/** What sending takes. */
export interface UploadOptions {
  readonly csrfToken: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: UploadProgress) => void
  /** Sends one batch; the server's STOW-RS unless a test says otherwise. */
  readonly send?: (files: readonly Blob[]) => Promise<StoreCounts>
}

/** Most files in one go: ten CTs of 2,000 slices. */
export const maxFiles = 20_000

const maxBatchBytes = 24 * 1_048_576
const maxBatchFiles = 64
const magicOffset = 128

/** Says whether a file begins like a DICOM Part 10 file. */
export async function isDicomFile(file: Blob): Promise<boolean> {
  const bytes = new Uint8Array(await file.slice(magicOffset, magicOffset + 4).arrayBuffer())
  return String.fromCharCode(...bytes) === 'DICM'
}

/** Files in batches, in their order: as many as fit, and at least one. */
export function batchesOf<File extends { readonly size: number }>(
  files: readonly File[],
): readonly (readonly File[])[] {
  const batches: File[][] = []
  let bytes = 0
  for (const file of files) {
    const last = batches.at(-1)
    if (last === undefined || last.length >= maxBatchFiles || bytes + file.size > maxBatchBytes) {
      batches.push([file])
      bytes = file.size
    } else {
      last.push(file)
      bytes += file.size
    }
  }
  return batches
}

/** Sends the files; resolves with the counts when all were looked at. Rejects when a batch cannot be sent. */
export async function uploadFiles(files: readonly Blob[], options: UploadOptions): Promise<UploadProgress> {
  const { csrfToken, signal, onProgress } = options
  const send = options.send ?? ((batch: readonly Blob[]) => storeFiles(batch, { csrfToken, signal }))
  let progress: UploadProgress = { files: files.length, done: 0, stored: 0, refused: 0, skipped: 0 }
  const step = (change: Partial<UploadProgress>): void => {
    progress = { ...progress, ...change }
    onProgress(progress)
  }
  step({})
  for (const batch of batchesOf(files)) {
    signal.throwIfAborted()
    const marks = await Promise.all(batch.map(isDicomFile))
    const dicom = batch.filter((_file, index) => marks[index] === true)
    const counts = dicom.length === 0 ? { stored: 0, refused: 0 } : await send(dicom)
    step({
      done: progress.done + batch.length,
      stored: progress.stored + counts.stored,
      refused: progress.refused + counts.refused,
      skipped: progress.skipped + batch.length - dicom.length,
    })
  }
  return progress
}
