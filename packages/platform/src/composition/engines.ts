// The engines of a process, opened in order; each adds its own end to the stop of the process.
import { createTrail } from '../edge/audit/index.ts'
import { createDicomCodecs, type OpenDicomCodecs } from '../engines/dicom-codecs/index.ts'
import { createOnnx, type OpenOnnx } from '../engines/onnxruntime/index.ts'
import { type OpenDatabase, observedSql } from '../engines/postgres/index.ts'
import { migrate } from '../kernel/migrations.ts'
import { createEvents, type RunningEvents } from '../kernel/outbox.ts'
import type { Audit, Blobs, Clock, Ids, Logger, Telemetry } from '../kernel/ports.ts'
import type { Shutdown } from '../kernel/shutdown.ts'
import { compileConsentsOfBefore, createPreparePool, type OpenRecords, openRecords } from '../records/index.ts'
import { medicines, ownedSql, writeRules } from '../services.ts'
import { type BlobSettings, openBlobs } from './blobs.ts'
import { openProcessDatabase } from './database.ts'
import { followMedicines } from './follow-medicines.ts'
import type { SystemKeys } from './keys.ts'
import { observedOnnx } from './observed-engines.ts'
import type { ProcessSettings } from './process-settings.ts'

/** What opening takes. */
export interface EngineOptions {
  readonly settings: ProcessSettings
  readonly blobs: BlobSettings
  readonly dataFolder: string
  readonly keys: SystemKeys
  /** Absolute FHIR base as clients see it. */
  readonly fhirBase: string
  /** True when services of this system run in other processes too. */
  readonly isSplit: boolean
  readonly log: Logger
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly ids: Ids
  readonly shutdown: Shutdown
  readonly onDatabaseRestart: (pid: number) => void
}

/** The open engines. */
export interface Engines {
  readonly database: OpenDatabase
  readonly blobs: Blobs
  readonly events: RunningEvents
  readonly trail: Audit
  readonly store: OpenRecords
  readonly onnx: OpenOnnx
  readonly codecs: OpenDicomCodecs
}

/** Opens the database, brings its schemas up to date, and puts blobs, outbox, audit trail and record store on it. */
export async function openEngines(options: EngineOptions): Promise<Engines> {
  const { settings, dataFolder, keys, fhirBase, isSplit, log, telemetry, clock, ids, shutdown } = options
  const opened = await openProcessDatabase({
    settings,
    dataFolder,
    log,
    isShared: isSplit,
    onRestart: options.onDatabaseRestart,
  })
  shutdown.add('database', () => opened.close())
  const sql = observedSql(opened.sql, telemetry)
  const database = { ...opened, sql }
  const ran = await migrate(sql, ownedSql)
  if (ran > 0) log.info('sql.migrated', { migrations: ran })
  await compileConsentsOfBefore(sql, log)
  shutdown.add('medicines', await followMedicines(sql, medicines, log))
  const trail = createTrail({ sql, log, clock, telemetry })
  shutdown.add('audit trail', () => trail.close())
  const events = createEvents({ sql, log, telemetry, owner: ids.uuid() })
  shutdown.add('outbox', () => events.close())
  const pool = createPreparePool({ size: settings.workers })
  shutdown.add('workers', () => pool.close())
  const store = openRecords({
    sql,
    audit: trail,
    events,
    clock,
    ids,
    rules: writeRules,
    cursorKey: keys.cursor,
    pool,
    baseUrl: fhirBase,
    costlySearches: Math.max(1, Math.floor(settings.databasePool / 2)),
  })
  const blobs = await openBlobs(options.blobs, dataFolder, shutdown)
  const onnx = observedOnnx(createOnnx({ log }), telemetry)
  shutdown.add('onnx', () => onnx.close())
  const codecs = createDicomCodecs({ log })
  shutdown.add('dicom codecs', () => codecs.close())
  return { database, blobs, events, trail, store, onnx, codecs }
}
