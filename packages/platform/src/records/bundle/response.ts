// Writes the response Bundle of a batch or transaction; contents go in verbatim.

import { STATUS_CODES } from 'node:http'
import { AppError, errorCatalogue, type Issue } from '@xinglin/core/errors'
import { operationOutcome } from '@xinglin/core/fhir'
import { etagOf } from '../write/precondition.ts'
import type { WriteAnswer } from '../writes.ts'

/** The answer to one entry. */
export interface EntryAnswer {
  readonly status: number
  readonly location?: string
  readonly etag?: string
  readonly lastModified?: string
  /** A resource as JSON text. */
  readonly body?: string | undefined
  /** Findings, told in response.outcome. */
  readonly issues?: readonly Issue[]
}

const statusOf = { created: 201, updated: 200, existing: 200, deleted: 204, unchanged: 204 } as const

/** What the client asked the answers to hold (http://hl7.org/fhir/R4/http.html#ops). */
export type ReturnPreference = 'minimal' | 'representation' | 'OperationOutcome'

/** The answer to a written entry. */
export function writeEntryAnswer(written: WriteAnswer, prefer: ReturnPreference): EntryAnswer {
  const { version, warnings } = written
  const status = statusOf[written.outcome]
  const issues = prefer === 'OperationOutcome' || warnings.length > 0 ? { issues: warnings } : {}
  if (version === undefined) return { status, ...issues }
  const { type, id, at, content } = version
  return {
    status,
    location: `${type}/${id}/_history/${version.version}`,
    etag: etagOf(version.version),
    lastModified: at.toISOString(),
    body: prefer === 'representation' ? content : undefined,
    ...issues,
  }
}

/** The answer to an entry of a batch that was refused; anything else than an AppError tells nothing. */
export function refusedEntryAnswer(error: unknown, traceId: string): EntryAnswer {
  if (error instanceof AppError && error.code !== 'internal') return { status: error.status, issues: error.issues }
  const diagnostics = `The server failed. Give this trace id to the operator: ${traceId}`
  return { status: errorCatalogue.internal.status, issues: [{ severity: 'error', code: 'exception', diagnostics }] }
}

/** The Bundle as JSON text. */
export function writeResponse(
  type: 'batch-response' | 'transaction-response',
  answers: readonly EntryAnswer[],
): string {
  const entries = answers.map(entryText)
  return `{"resourceType":"Bundle","type":"${type}"${entries.length === 0 ? '' : `,"entry":[${entries.join(',')}]`}}`
}

function entryText({ status, location, etag, lastModified, body, issues }: EntryAnswer): string {
  const response = {
    status: `${status} ${STATUS_CODES[status] ?? ''}`.trim(),
    ...(location === undefined ? {} : { location }),
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
    ...(issues === undefined ? {} : { outcome: operationOutcome(issues) }),
  }
  return `{${body === undefined ? '' : `"resource":${body},`}"response":${JSON.stringify(response)}}`
}
