// Reads the LIDC-IDRI crops (data README: N x 128 x 128 bytes, gzip, with masks and an index) and gives them their CT numbers back.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { anchoredHu, modelInputOf } from '@xinglin/core/dicom/nodule'
import { AppError } from '@xinglin/core/errors'

/** Rows and columns of a crop. */
export const cropSize = 128

/** Pixels of a crop. */
export const cropPixels = cropSize * cropSize

/** Crops in the order of their file. */
export interface Crops {
  readonly count: number
  /** The model's input in 256 steps, `[count, 128, 128]`. */
  readonly images: Uint8Array
  /** Bit k is set where reader k + 1 marked the pixel, `[count, 128, 128]`. */
  readonly readers: Uint8Array
  readonly patients: readonly string[]
  /** Patient and nodule, which tell nodules apart. */
  readonly nodules: readonly string[]
}

/** Steps of the images between 0 and 1. */
export const imageSteps = 255

const unzip = promisify(gunzip)

async function readZipped(folder: string, name: string): Promise<Uint8Array> {
  const zipped = await readFile(join(folder, name)).catch((cause: unknown) => {
    const why = `${join(folder, name)} cannot be read: the crops of LIDC-IDRI are not part of the project (training/lung-nodule/README.md)`
    throw new AppError('not-found', why, { cause })
  })
  return unzip(zipped)
}

/** Reads one part, e.g. `train` or `validation`, which share no patient. @throws AppError 'not-found' without the files, 'unprocessable' when they do not fit each other */
export async function readCrops(folder: string, part: string): Promise<Crops> {
  const raw = await readZipped(folder, `${part}-images.u8.gz`)
  const readers = await readZipped(folder, `${part}-masks.u8.gz`)
  const [, ...lines] = (await readFile(join(folder, `${part}-index.tsv`), 'utf8')).trimEnd().split('\n')
  const count = lines.length
  if (raw.length !== count * cropPixels || readers.length !== raw.length) {
    throw new AppError('unprocessable', `The index names ${count} crops, the images are ${raw.length / cropPixels}`)
  }
  const images = new Uint8Array(raw.length)
  for (let at = 0; at < count; at++) {
    const input = modelInputOf(anchoredHu(raw.subarray(at * cropPixels, (at + 1) * cropPixels)))
    for (let pixel = 0; pixel < cropPixels; pixel++) {
      images[at * cropPixels + pixel] = Math.round((input[pixel] ?? 0) * imageSteps)
    }
  }
  const columns = lines.map((line) => line.split('\t'))
  return {
    ...{ count, images, readers },
    patients: columns.map(([patient = '']) => patient),
    nodules: columns.map(([patient = '', nodule = '']) => `${patient}/${nodule}`),
  }
}

// How many bits are set in each byte of readers.
const readersOf = Uint8Array.from({ length: 256 }, (_, bits) => bits.toString(2).replaceAll('0', '').length)

/** The truth: pixels that at least two readers marked; 1 or 0. */
export function truthOf(readers: Uint8Array): Uint8Array {
  const truth = new Uint8Array(readers.length)
  for (let at = 0; at < readers.length; at++) truth[at] = (readersOf[readers[at] ?? 0] ?? 0) >= 2 ? 1 : 0
  return truth
}
