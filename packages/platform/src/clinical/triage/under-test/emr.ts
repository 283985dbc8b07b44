// A real record store behind the EMR's door on the database of a test: what finished interviews are written to.

import { resourceTypes } from '@xinglin/core/fhir/search'
import type { Caller } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import type { CallService, Ports } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { fhirRoutes, openRecords } from '../../../records/index.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { emrRules } from '../../emr/index.ts'
import { patientTypes } from '../../patient/index.ts'
import { pharmacyTypes } from '../../pharmacy/index.ts'

/** A running EMR. */
export interface EmrUnderTest {
  readonly call: CallService
  /** How many requests to answer with an error from now on; 503 unless told otherwise. */
  fail(times: number, status?: number): void
  close(): Promise<void>
}

/** Starts it. */
export async function startEmr(sql: Sql, ports: Ports): Promise<EmrUnderTest> {
  const baseUrl = 'http://127.0.0.1/fhir'
  const { audit, clock, ids } = ports
  const events = { publish: async () => undefined, subscribe: () => undefined }
  const store = openRecords({ sql, audit, events, clock, ids, rules: emrRules, cursorKey: 'a key of a test', baseUrl })
  const serving = { ...store, audit, baseUrl, version: '0', date: new Date(0) }
  const types = resourceTypes.filter((type) => ![...patientTypes, ...pharmacyTypes].includes(type))
  const running = { routes: fhirRoutes({ ...serving, types, system: true }) }
  const verifyCaller = (token: string): Caller => JSON.parse(token) as Caller
  const app = buildServiceApp({ service: 'emr', running, verifyCaller, log: silentLogger, clock: systemClock })
  await app.ready()
  const state = { failures: 0, status: 503 }
  return {
    fail(times, status = 503) {
      Object.assign(state, { failures: times, status })
    },
    call: () => async (path, init) => {
      if (state.failures > 0) {
        state.failures -= 1
        return new Response('{}', { status: state.status })
      }
      const answer = await app.inject({
        url: path,
        method: init?.method === 'POST' ? 'POST' : 'GET',
        headers: { 'x-xinglin-caller': JSON.stringify(init?.caller), 'content-type': 'application/fhir+json' },
        ...(typeof init?.body === 'string' ? { payload: init.body } : {}),
      })
      return new Response(answer.payload, { status: answer.statusCode })
    },
    close: () => app.close(),
  }
}
