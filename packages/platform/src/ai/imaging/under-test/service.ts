// The imaging service with its HTTP, a real database, blobs on disk, the outbox and the codecs, for the tests of this room.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChestPhantom, type PhantomFile, phantomFiles } from '@xinglin/core/dicom/phantom'
import type { FastifyInstance } from 'fastify'
import { createDicomCodecs } from '../../../engines/dicom-codecs/index.ts'
import { openDiskBlobs } from '../../../engines/disk/index.ts'
import type { Caller, Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { readSettings } from '../../../kernel/config.ts'
import { freePort } from '../../../kernel/free-port.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import { createIds } from '../../../kernel/ids.ts'
import { createEvents, kernelSql } from '../../../kernel/outbox.ts'
import type { AuditEntry, Blobs, DeliveredEvent, Ports } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { noTelemetry } from '../../../kernel/telemetry/index.ts'
import { testDatabase } from '../../../testing/database.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { imaging } from '../index.ts'

/** A running service. */
export interface ImagingUnderTest {
  readonly app: FastifyInstance
  readonly sql: Sql
  readonly blobs: Blobs
  readonly audits: AuditEntry[]
  /** Studies as they were announced. */
  readonly announced: DeliveredEvent[]
  /** Patients that the patient service knows, by identifier. */
  readonly patients: Map<string, object>
  /** Who withholds their studies from everybody that is not the patient. */
  readonly withholding: Set<string>
  readonly dimsePort: number
  ask(path: string, how?: Ask): Promise<Reply>
  /** Stores files by STOW-RS. */
  store(files: readonly Uint8Array[], how?: Ask & { readonly path?: string }): Promise<Reply>
  /** Waits until a study was announced with so many instances. */
  untilAnnounced(studyUid: string, instances: number): Promise<DeliveredEvent>
  close(): Promise<void>
}

/** How to ask. */
export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly role?: Role
  readonly patient?: string
  readonly scopes?: readonly string[]
  /** Why the glass is broken. */
  readonly emergency?: string
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: Buffer | string | object
}

/** An answer. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
  json(): unknown
}

/** A part of a multipart answer. */
export interface ReplyPart {
  readonly type: string
  readonly bytes: Buffer
}

/** A drawn CT series of 32 × 32 pixels. */
export function drawnSeries(seed: number, patientId = 'MRN-1', slices = 3): readonly PhantomFile[] {
  const identity = { patientId, patientName: 'Zhang^San=张^三' }
  return [...phantomFiles(createChestPhantom({ seed, size: 32, slices }), identity)]
}

/** Writes files as a multipart/related body. */
export function multipart(files: readonly Uint8Array[], boundary = 'test-boundary'): Buffer {
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`)
  const end = Buffer.from(`--${boundary}--\r\n`)
  return Buffer.concat([...files.flatMap((file) => [head, file, Buffer.from('\r\n')]), end])
}

/** The parts of a multipart answer. */
export function partsOf({ headers, bytes }: Reply): readonly ReplyPart[] {
  const boundary = /boundary=([^;]+)/.exec(String(headers['content-type']))?.[1] ?? 'none'
  const text = bytes.toString('latin1')
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [head = ''] = part.split('\r\n\r\n', 1)
      return {
        type: /Content-Type: ([^\r]+)/.exec(head)?.[1] ?? '',
        bytes: Buffer.from(part.slice(head.length + 4, -2), 'latin1'),
      }
    })
}

function callerOf({ role = 'radiologist', patient, scopes = [], emergency }: Ask): Caller {
  return {
    ...{ subject: role, name: role, roles: [role], scopes, purpose: 'TREAT' },
    ...(patient === undefined ? {} : { patient }),
    ...(emergency === undefined ? {} : { purpose: 'BTG', reason: emergency }),
  }
}

// The patient service of this test knows whom it was told of; the real one takes part in the end-to-end tests.
function patientService(patients: ReadonlyMap<string, object>): Ports['call'] {
  return () => async (path) => {
    const url = new URL(path, 'http://patient')
    const identifier = url.searchParams.get('identifier')
    const found = identifier === null ? undefined : patients.get(identifier)
    if (identifier !== null) return Response.json({ entry: found === undefined ? [] : [{ resource: found }] })
    const id = url.pathname.split('/').at(-1)
    const known = [...patients.values()].find((patient) => 'id' in patient && patient.id === id)
    return known === undefined ? new Response('{}', { status: 404 }) : Response.json(known)
  }
}

function auditOf(audits: AuditEntry[]): Ports['audit'] {
  return {
    append: async (tx, entries) => {
      tx.afterCommit(() => audits.push(...entries))
    },
    record: async (entry) => {
      audits.push(entry)
    },
  }
}

async function settled<T>(find: () => T | undefined): Promise<T> {
  const until = Date.now() + 60_000
  for (;;) {
    const found = find()
    if (found !== undefined) return found
    if (Date.now() > until) throw new Error('It did not come about in 15 s')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Starts the service. */
export async function imagingUnderTest(): Promise<ImagingUnderTest> {
  const database = await testDatabase([kernelSql, imaging.sql])
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-imaging-'))
  const blobs = await openDiskBlobs(folder)
  const codec = createDicomCodecs({ log: silentLogger })
  const audits: AuditEntry[] = []
  const announced: DeliveredEvent[] = []
  const patients = new Map<string, object>()
  const { sql } = database
  const events = createEvents({ sql, log: silentLogger, owner: randomUUID() })
  events.subscribe('test', ['imaging.study-announced'], async (event) => {
    announced.push(event)
  })
  const ports = {
    telemetry: noTelemetry,
    ...{ sql, blobs, events, audit: auditOf(audits), call: patientService(patients), log: silentLogger },
    ...{ clock: systemClock, ids: createIds(systemClock) },
  } as unknown as Ports // imaging asks for no others
  const dimsePort = await freePort()
  const { own: settings } = readSettings({ own: imaging.settings }, { DIMSE_PORT: String(dimsePort) })
  const withholding = new Set<string>()
  const running = await imaging.create(ports, settings, {
    ...{ baseUrl: 'http://test/dicom-web', codec },
    withheldFrom: async ({ roles }) => (roles.includes('patient') ? [] : [...withholding]),
  })
  const current: { caller: Caller } = { caller: callerOf({}) }
  const app = buildServiceApp({
    ...{ service: 'imaging', running, log: silentLogger, clock: systemClock },
    verifyCaller: () => current.caller,
  })
  await app.ready()
  await events.start()
  await running.start?.()

  const ask = async (path: string, how: Ask = {}): Promise<Reply> => {
    current.caller = callerOf(how)
    const answer = await app.inject({
      method: how.method ?? 'GET',
      url: path,
      headers: {
        'x-xinglin-caller': 'test',
        ...(how.accept === undefined ? {} : { accept: how.accept }),
        ...how.headers,
      },
      ...(how.payload === undefined ? {} : { payload: how.payload }),
    })
    const { statusCode: status, headers, rawPayload: bytes } = answer
    return { status, headers, bytes, json: () => JSON.parse(bytes.toString()) }
  }
  return {
    ...{ app, sql, blobs, audits, announced, patients, withholding, dimsePort, ask },
    store: (files, { path = '/dicom-web/studies', ...how } = {}) =>
      ask(path, {
        method: 'POST',
        payload: multipart(files),
        ...how,
        headers: {
          'content-type': 'multipart/related; type="application/dicom"; boundary=test-boundary',
          ...how.headers,
        },
      }),
    untilAnnounced: (studyUid, instances) =>
      settled(() =>
        announced.find(({ payload }) => payload['studyInstanceUid'] === studyUid && payload['instances'] === instances),
      ),
    async close() {
      await running.close?.()
      await app.close()
      await events.close()
      await codec.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
