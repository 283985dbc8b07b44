// The nodule model and the rules around it: milliseconds a slice, a series from pixels to measures, nodules found and false marks on phantoms.
// Usage: node bench/nodule.ts [--write]; prints JSON. Measures on one thread; the load of the machine stands beside each figure.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { hounsfieldUnits, metadataOf, pixelDescription, readHeader, rescaleOf, storedValues } from '@xinglin/core/dicom'
import {
  type CtVolume,
  findCandidates,
  findLungs,
  measureNodules,
  ontoModel,
  ontoSlice,
  sliceFit,
} from '@xinglin/core/dicom/nodule'
import { type ChestPhantom, createChestPhantom } from '@xinglin/core/dicom/phantom'
import * as onnxruntime from 'onnxruntime-node'

const root = new URL('../', import.meta.url)
const graph = new URL('models/lung_nodule_unet/1/model.onnx', root)
const chestSlice = new URL('../shared/data/dicom/chest/lung-slice.dcm', root)
const session = await onnxruntime.InferenceSession.create(readFileSync(graph), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 3,
})

async function probabilities(image: Float32Array): Promise<Float32Array> {
  const output = (await session.run({ input__0: new onnxruntime.Tensor('float32', image, [1, 1, 512, 512]) }))[
    'output__0'
  ]
  return output?.data as Float32Array
}

const cpuMs = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}
const round = (value: number, digits = 1): number => Number(value.toFixed(digits))
const load = (): number => round(loadavg()[0] ?? 0, 2)

async function msPerSlice(): Promise<object> {
  const image = ontoModel(new Int16Array(512 * 512).fill(-850), sliceFit(512, 512))
  await probabilities(image)
  const runs = 10
  const before = process.cpuUsage()
  const startedMs = performance.now()
  for (let run = 0; run < runs; run++) await probabilities(image)
  const wallMs = (performance.now() - startedMs) / runs
  return { wallMs: round(wallMs), cpuMs: round(cpuMs(before) / runs), runs, load: load() }
}

function volumeOf({ grid, hu }: ChestPhantom): CtVolume {
  const first = (count: number, step: number): number => (-(count - 1) / 2) * step
  return {
    hu,
    grid: {
      ...{ slices: grid.slices, rows: grid.rows, columns: grid.columns },
      ...{ rowMm: grid.pixelMm, columnMm: grid.pixelMm, sliceMm: grid.sliceMm },
      originMm: [first(grid.columns, grid.pixelMm), first(grid.rows, grid.pixelMm), first(grid.slices, grid.sliceMm)],
      rowDirection: [1, 0, 0],
      columnDirection: [0, 1, 0],
      sliceDirection: [0, 0, 1],
    },
  }
}

async function readPhantom(seed: number): Promise<object> {
  const phantom = createChestPhantom({ seed, size: 512, slices: 24, sliceMm: 2.5, nodules: 3 })
  const volume = volumeOf(phantom)
  const { grid } = volume
  const area = grid.rows * grid.columns
  const before = process.cpuUsage()
  const lungs = findLungs(volume)
  const lungsMs = cpuMs(before)
  const marked = new Uint8Array(volume.hu.length)
  const fit = sliceFit(grid.rows, grid.columns)
  for (let slice = 0; slice < grid.slices; slice++) {
    const own = volume.hu.subarray(slice * area, (slice + 1) * area)
    marked.set(ontoSlice(await probabilities(ontoModel(own, fit)), fit), slice * area)
  }
  const candidates = findCandidates(grid, marked, lungs.mask)
  const measured = measureNodules(volume, candidates, lungs.mask)
  const labels = candidates.map(({ voxels }) => new Set(Array.from(voxels, (voxel) => phantom.labels[voxel] ?? 0)))
  const visible = phantom.nodules.filter(({ volumeMm3 }) => volumeMm3 > 0)
  const found = visible.filter(({ label }) => labels.some((own) => own.has(label)))
  const isFalse = labels.filter((own) => ![...own].some((label) => label > 0)).length
  return {
    seed,
    slices: grid.slices,
    nodules: visible.map(({ diameterMm, texture }) => `${diameterMm.toFixed(1)} mm ${texture}`),
    found: found.length,
    marks: measured.length,
    falseMarks: isFalse,
    falseMarksPerSlice: round(isFalse / grid.slices, 2),
    cpuMs: { lungs: round(lungsMs, 0), all: round(cpuMs(before), 0) },
    load: load(),
  }
}

// One real slice, of a chest that nobody annotated: marks there are shown, not judged.
async function realSlice(): Promise<object> {
  if (!existsSync(chestSlice)) return { skipped: 'the chest slice of ../shared/data/dicom is not there' }
  const header = readHeader(readFileSync(chestSlice))
  const metadata = metadataOf(header, { bulkDataUri: (path) => path })
  const description = pixelDescription(metadata)
  if (description === undefined) throw new Error('the chest slice is no image')
  const pixels = header.bytes.subarray(header.pixelData?.offset ?? 0)
  const hu = hounsfieldUnits(storedValues(pixels, description), rescaleOf(metadata))
  const { rows, columns } = description
  const fit = sliceFit(rows, columns)
  const marked = ontoSlice(await probabilities(ontoModel(hu, fit)), fit)
  const grid = { ...volumeOf(createChestPhantom({ seed: 1, size: 8, slices: 1, nodules: [] })).grid, rows, columns }
  const real = { ...grid, rowMm: 0.7, columnMm: 0.7, sliceMm: 5 }
  const lungs = findLungs({ grid: real, hu })
  const candidates = findCandidates(real, marked, lungs.mask)
  return { marksInLung: candidates.length, markedPixels: marked.filter((value) => value >= 128).length }
}

const phantoms = []
for (const seed of [101, 102, 103]) phantoms.push(await readPhantom(seed))
const result = {
  what: 'lung_nodule_unet by onnxruntime-node on one thread; phantoms of 512 x 512',
  slice: await msPerSlice(),
  phantoms,
  chestSlice: await realSlice(),
}
console.log(JSON.stringify(result, null, 2))
if (process.argv.includes('--write')) {
  writeFileSync(new URL('bench/results/nodule.json', root), `${JSON.stringify(result, null, 2)}\n`)
}
