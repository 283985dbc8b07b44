// A record store on a fresh database, for tests: real SQL and search, ports that remember what they were told.
import type { Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import { searchKnowledge } from '@xinglin/core/fhir/search'
import type { Caller, Role } from '../kernel/caller.ts'
import { systemClock } from '../kernel/clock.ts'
import { createIds } from '../kernel/ids.ts'
import type { AuditEntry, OutboxEvent } from '../kernel/ports.ts'
import { accessFor } from '../records/access/index.ts'
import type { RecordsOptions } from '../records/options.ts'
import { createRecords, type Records } from '../records/records.ts'
import { createSearch } from '../records/search/search.ts'
import type { RecordContext } from '../records/types.ts'
import { type TestDatabase, testDatabase } from './database.ts'

/** A store under test. */
export interface StoreFixture {
  readonly records: Records
  readonly database: TestDatabase
  readonly audits: AuditEntry[]
  readonly events: OutboxEvent[]
  context(role?: Role, patient?: string): RecordContext
  close(): Promise<void>
}

/** Refuses elements named `wrong` and what has no known type; enough to see that validation is asked. */
function judge(resource: Resource): readonly Issue[] {
  const { resourceType } = resource
  if (!('wrong' in resource)) return []
  return [
    { severity: 'error', code: 'structure', diagnostics: 'unknown element wrong', expression: `${resourceType}.wrong` },
  ]
}

/** Makes a store on a fresh database. */
export async function storeFixture(options: Partial<RecordsOptions> = {}): Promise<StoreFixture> {
  const database = await testDatabase([{ schema: 'records', folder: new URL('../records/sql/', import.meta.url) }])
  const audits: AuditEntry[] = []
  const events: OutboxEvent[] = []
  const records = createRecords({
    sql: database.sql,
    audit: {
      append: async (tx, entries) => {
        tx.afterCommit(() => audits.push(...entries))
      },
      record: async (entry) => {
        audits.push(entry)
      },
    },
    events: {
      publish: async (tx, published) => {
        tx.afterCommit(() => events.push(...published))
      },
      subscribe: () => undefined,
    },
    clock: systemClock,
    ids: createIds(systemClock),
    rules: [],
    validate: judge,
    cursorKey: 'a test key',
    searchOn: (sql) => createSearch({ sql, knowledge: searchKnowledge(), cursorKey: 'a test key' }),
    ...options,
  })
  return {
    records,
    database,
    audits,
    events,
    context: (role = 'clinician', patient) => contextOf(role, patient),
    close: () => database.close(),
  }
}

function contextOf(role: Role, patient: string | undefined): RecordContext {
  const caller: Caller = {
    subject: role,
    name: role,
    roles: [role],
    scopes: [],
    purpose: 'TREAT',
    ...(patient === undefined ? {} : { patient }),
  }
  return {
    caller,
    access: accessFor(caller),
    traceId: '0'.repeat(32),
    deadline: new AbortController().signal,
    baseUrl: 'http://127.0.0.1/fhir',
  }
}
