// A hospital's own stays from its files, or synthetic ones; checked before they are used.
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { AppError } from '@xinglin/core/errors'
import { caseMixes, drawIcuCohort, type IcuCohort, icuFeatures, stayBins } from '@xinglin/core/federated'

/** Where stays come from. */
export interface StaysSource {
  readonly features?: string
  readonly outcomes?: string
  readonly synthetic?: string
  readonly stays: number
  readonly seed: number
}

const cells = stayBins * icuFeatures.length
const maxBytes = 1_073_741_824

async function readAll(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('not-found', `${path} cannot be read (${cause.code})`, { cause })
  })
  return path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: maxBytes }) : bytes
}

function outcomesOf(text: string, path: string): Uint8Array {
  const [head = '', ...lines] = text.trim().split(/\r?\n/)
  const column = head.split('\t').indexOf('died_in_hospital')
  if (column === -1) throw new AppError('unprocessable', `${path} has no column died_in_hospital`)
  return Uint8Array.from(lines, (line, row) => {
    const cell = line.split('\t')[column]
    if (cell === '0' || cell === '1') return Number(cell)
    throw new AppError('unprocessable', `${path}, line ${row + 2}: died_in_hospital is neither 0 nor 1`)
  })
}

async function fromFiles(features: string, outcomes: string): Promise<IcuCohort> {
  const [bytes, text] = [await readAll(features), (await readAll(outcomes)).toString()]
  const died = outcomesOf(text, outcomes)
  if (bytes.length !== died.length * cells * 4) {
    const wanted = died.length * cells * 4
    throw new AppError('unprocessable', `${features} has ${bytes.length} bytes; ${died.length} stays are ${wanted}`)
  }
  return { values: new Float32Array(died.length * cells).map((_value, index) => bytes.readFloatLE(index * 4)), died }
}

/** The stays. @throws AppError that says what is wrong with a file, or which mixes there are */
export async function ownStays({ features, outcomes, synthetic, stays, seed }: StaysSource): Promise<IcuCohort> {
  if (features !== undefined && outcomes !== undefined) return fromFiles(features, outcomes)
  const mix = caseMixes.find(({ name }) => name === synthetic)
  if (mix !== undefined) return drawIcuCohort({ seed, stays, mix })
  const names = caseMixes.map(({ name }) => name).join(', ')
  throw new AppError('invalid-parameter', `Give --features and --outcomes, or --synthetic with one of ${names}`)
}
