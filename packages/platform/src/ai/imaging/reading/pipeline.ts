// One reading from its series to its draft, step by step; what the model marked is kept slice by slice, so a restart goes on there.
import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import { type CtVolume, sliceFit } from '@xinglin/core/dicom/nodule'
import type { Caller } from '../../../kernel/caller.ts'
import type { CallService, Models } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import type { WorkerPool } from '../../../kernel/workers.ts'
import { type IngestPorts, ingest } from '../store/ingest.ts'
import { chunksOf } from '../wado/bytes.ts'
import type { FramePorts } from '../wado/frames.ts'
import { fileReport } from './file-report.ts'
import { markSlice } from './mark-slice.ts'
import { nodulesModel, type Reading, type ReadingNodule, type ReadingStep } from './reading.ts'
import { type Ending, keepSlice, keptSlice, keptSlices, putNodules } from './reading-store.ts'
import { reportBundle, reportId } from './report.ts'
import { segmentationObject, segmentationUid } from './segmentation-object.ts'
import { type CtSeries, loadVolume, openSeries } from './series-volume.ts'
import { awaitReportedStudy } from './study-of.ts'
import type { FoundNodule, LungsFound, VolumeJob, VolumeResult } from './volume-jobs.ts'

/** What a reading is done with. */
export interface PipelinePorts {
  readonly sql: Sql
  readonly frames: FramePorts
  readonly ingest: IngestPorts
  readonly models: Models
  readonly call: CallService
  readonly pool: WorkerPool<VolumeJob, VolumeResult>
  /** In whose name the segmentation is stored. */
  readonly self: Caller
}

/** How the work is followed and stopped. */
export interface PipelineWatch {
  readonly signal: AbortSignal
  /** Tells how far it is; throws when the work shall stop. */
  readonly tell: (step: ReadingStep, done: number, total: number) => Promise<void>
}

interface Work extends PipelineWatch {
  readonly reading: Reading
  readonly ports: PipelinePorts
  readonly series: CtSeries
  readonly volume: CtVolume
  readonly mask: Uint8Array
}

const deflate = promisify(deflateRaw) as (bytes: Uint8Array, options: object) => Promise<Buffer>
const inflate = promisify(inflateRaw) as (bytes: Uint8Array) => Promise<Buffer>
// The server queues and batches; two at a time keep it busy while slices are prepared.
const together = 2
// Probabilities below this (of 255) are noise to every later step and would only cost space.
const leastKept = 13
const linkLimitMs = 15_000

async function findLungsOf({ volume, mask, ports, signal }: Work): Promise<LungsFound> {
  const job = { kind: 'lungs', grid: volume.grid, hu: volume.hu, mask } as const
  const result = await ports.pool.run(job, { signal })
  if (result.kind !== 'lungs') throw new Error('The worker answered another question')
  return result.found
}

async function markOne(work: Work, slice: number): Promise<void> {
  const { grid, hu } = work.volume
  const area = grid.rows * grid.columns
  const own = hu.subarray(slice * area, (slice + 1) * area)
  const marked = await markSlice(work.ports.models, own, sliceFit(grid.rows, grid.columns), work.signal)
  for (let at = 0; at < marked.length; at++) if ((marked[at] ?? 0) < leastKept) marked[at] = 0
  await keepSlice(work.ports.sql, work.reading.id, slice, await deflate(marked, { level: 1 }))
}

async function markSlices(work: Work, wanted: readonly number[]): Promise<void> {
  const kept = await keptSlices(work.ports.sql, work.reading.id)
  const missing = wanted.filter((slice) => !kept.has(slice))
  let done = wanted.length - missing.length
  await work.tell('marking', done, wanted.length)
  for (let from = 0; from < missing.length; from += together) {
    const few = missing.slice(from, from + together)
    await Promise.all(few.map((slice) => markOne(work, slice)))
    done += few.length
    await work.tell('marking', done, wanted.length)
  }
}

async function measure(work: Work, marked: readonly number[]): Promise<readonly FoundNodule[]> {
  const { volume, mask, ports, reading, signal, tell } = work
  const { grid, hu } = volume
  const area = grid.rows * grid.columns
  await tell('measuring', 0, 1)
  const probabilities = new Uint8Array(new SharedArrayBuffer(hu.length))
  for (const slice of marked) {
    const kept = await keptSlice(ports.sql, reading.id, slice)
    if (kept !== undefined) probabilities.set(await inflate(kept), slice * area)
  }
  const result = await ports.pool.run({ kind: 'nodules', grid, hu, mask, probabilities }, { signal })
  if (result.kind !== 'nodules') throw new Error('The worker answered another question')
  return result.found
}

async function storeSegmentation(work: Work, nodules: readonly ReadingNodule[]): Promise<string | undefined> {
  if (nodules.length === 0) return undefined
  const { reading, series, ports } = work
  const bytes = segmentationObject(reading, series, nodules)
  const one = async function* (): AsyncGenerator<AsyncIterable<Uint8Array>> {
    yield chunksOf(bytes)
  }
  const { refused } = await ingest({ caller: ports.self, studyUid: series.studyUid, incoming: one() }, ports.ingest)
  const [first] = refused
  if (first !== undefined) throw first.error
  return segmentationUid(reading)
}

async function versionOf(models: Models): Promise<string> {
  const { versions } = await models.metadata(nodulesModel)
  return versions.at(-1) ?? ''
}

async function write(work: Work, lungs: LungsFound, found: readonly FoundNodule[]): Promise<Ending> {
  const { reading, series, volume, ports, tell } = work
  await tell('writing', 0, 2)
  const nodules = found.map(
    (one, at): ReadingNodule => ({ ...one, number: at + 1, decision: 'open', decided: null, decidedBy: null }),
  )
  const modelVersion = await versionOf(ports.models)
  await ports.sql.transaction((tx) => putNodules(tx, reading.id, nodules))
  const segUid = await storeSegmentation(work, nodules)
  await tell('writing', 1, 2)
  const summary = {
    grid: volume.grid,
    lungVolumeMl: lungs.volumeMl,
    slicesWithLung: lungs.slices.length,
    instanceUids: series.slices.map(({ instance }) => instance.sopUid),
  }
  const ending = {
    state: 'ready',
    step: 'done',
    summary,
    modelVersion,
    ...(segUid === undefined ? {} : { segUid }),
  } as const
  // A study whose patient is not known here gets its report when it is signed.
  const study = await awaitReportedStudy(ports.sql, reading, { limitMs: linkLimitMs, signal: work.signal })
  if (study === undefined) return ending
  await fileReport(ports.call, reportBundle({ ...reading, modelVersion }, nodules, study))
  return { ...ending, patient: study.patient, reportId: reportId(reading) }
}

/** Does the whole reading; gives how it ends. @throws AppError when the series cannot be read, or what `watch.tell` throws */
export async function runPipeline(reading: Reading, ports: PipelinePorts, watch: PipelineWatch): Promise<Ending> {
  const series = await openSeries(ports.sql, reading.studyUid, reading.seriesUid)
  const total = series.grid.slices
  const volume = await loadVolume(series, ports.frames, async (done) => {
    if (done % 8 === 0 || done === total) await watch.tell('loading', done, total)
  })
  const mask = new Uint8Array(new SharedArrayBuffer(volume.hu.length))
  const work: Work = { ...watch, reading, ports, series, volume, mask }
  await watch.tell('lungs', 0, 1)
  const lungs = await findLungsOf(work)
  await markSlices(work, lungs.slices)
  const found = await measure(work, lungs.slices)
  return await write(work, lungs, found)
}
