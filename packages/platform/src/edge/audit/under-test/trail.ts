// A trail with its sealer and folder on a given database, for the tests of this room.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Caller, Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import type { AuditEntry, Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { openSigningKeys } from '../checkpoints/signing-key.ts'
import { createSealer, type Sealer, type SealerOptions } from '../seal/sealer.ts'
import { createTrail, type Trail } from '../trail/trail.ts'
import type { TrailReport } from '../verify/report.ts'
import { verifyTrail } from '../verify/verify.ts'

/** A trail under test. */
export interface TrailUnderTest {
  readonly sql: Sql
  readonly folder: string
  readonly trail: Trail
  readonly sealer: Sealer
  /** Records reads of these patients one after the other, so that event n has the id n + 1. */
  readAll(patients: readonly string[]): Promise<void>
  verify(): Promise<TrailReport>
  close(): Promise<void>
}

/** A caller with a role. */
export function callerOf(role: Role, subject: string = role): Caller {
  return { subject, name: `The ${subject}`, roles: [role], scopes: [], purpose: 'TREAT', address: '192.0.2.1' }
}

/** The entry of a patient's reading. */
export function readOf(patient: string): AuditEntry {
  return {
    caller: callerOf('clinician', 'dr-chen'),
    action: 'R',
    interaction: 'read',
    outcome: 'success',
    status: 200,
    entities: [`Patient/${patient}`],
    patients: [patient],
    traceId: '0123456789abcdef0123456789abcdef',
  }
}

/** Opens a trail in a fresh folder; the sealer works when it is told to. */
export async function trailUnderTest(
  sql: Sql,
  log: Logger,
  options: Partial<SealerOptions> = {},
): Promise<TrailUnderTest> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'xinglin-audit-')))
  const trail = createTrail({ sql, log, clock: systemClock })
  const sealer = createSealer({
    ...{ sql, log, clock: systemClock, folder },
    keys: await openSigningKeys(folder),
    holder: 'sealer under test',
    everyMs: 20,
    checkpointEveryMs: 0,
    ...options,
  })
  return {
    sql,
    folder,
    trail,
    sealer,
    async readAll(patients) {
      for (const patient of patients) await trail.record(readOf(patient))
    },
    verify: () => verifyTrail({ sql, folder }),
    async close() {
      await sealer.close()
      await trail.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
