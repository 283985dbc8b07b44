// The door to reading chest CT for nodules: the article's single call, and readings of whole series that radiologists sign.
import type { PixelCodec } from '@xinglin/core/dicom'
import type { FastifyInstance } from 'fastify'
import type { Caller } from '../../../kernel/caller.ts'
import type { Ports } from '../../../kernel/ports.ts'
import { createWorkerPool } from '../../../kernel/workers.ts'
import type { Guard } from '../guarded.ts'
import type { IngestPorts } from '../store/ingest.ts'
import { addPredictRoutes } from './predict-routes.ts'
import { createReader } from './reader.ts'
import { addReadingRoutes } from './routes.ts'
import { createInTurn } from './sign.ts'
import type { VolumeJob, VolumeResult } from './volume-jobs.ts'

/** What readings are done with. */
export interface ReadingOptions {
  readonly ports: Pick<Ports, 'sql' | 'audit' | 'blobs' | 'clock' | 'ids' | 'call' | 'models' | 'log'>
  readonly ingest: IngestPorts
  readonly codec: PixelCodec
  readonly guard: Guard
}

/** Readings as the imaging service runs them. */
export interface Readings {
  addRoutes(app: FastifyInstance): void
  start(): void
  close(): Promise<void>
}

const self: Caller = Object.freeze({
  subject: 'xinglin:imaging',
  name: 'Xinglin imaging',
  roles: ['system'],
  scopes: [],
  purpose: 'TREAT',
} as const)
// A volume of 320 million voxels is shared, not copied; the rest is bookkeeping.
const workerMemoryMb = 1024
const workerLimitMs = 300_000

/** Creates the reader and its routes; nothing runs before `start`. */
export function createReadings({ ports, ingest, codec, guard }: ReadingOptions): Readings {
  const { sql, audit, blobs, clock, ids, call, models } = ports
  const log = ports.log.child({ room: 'reading' })
  const pool = createWorkerPool<VolumeJob, VolumeResult>({
    module: new URL('./volume.worker.ts', import.meta.url),
    size: 1,
    memoryMb: workerMemoryMb,
    timeoutMs: workerLimitMs,
  })
  const inTurn = createInTurn()
  const reader = createReader({
    ports: { sql, frames: { blobs, codec }, ingest, models, call, pool, self },
    log,
    owner: ids.uuid(),
  })
  return {
    addRoutes(app) {
      addPredictRoutes(app, { ports: { models, codec }, guard })
      addReadingRoutes(app, { ports: { sql, audit, clock, call, ids, inTurn }, guard, wake: () => reader.wake() })
    },
    start: () => reader.start(),
    async close() {
      await reader.close()
      await pool.close()
    },
  }
}
