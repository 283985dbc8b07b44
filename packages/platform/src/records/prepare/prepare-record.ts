// Prepares resources for the store: validate, index, and serialise with room for version and time.
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { IndexRows } from '@xinglin/core/fhir/search'
import { toColumns } from './columns.ts'
import { type ExactDecimal, isObject, restoreDecimals } from './parse-body.ts'
import { eachReference } from './rewrite.ts'
import type { Prepared, PreparedRecord, PrepareTools } from './types.ts'

/** A resource and the id under which it is to be stored. */
export interface Draft {
  readonly resource: Resource
  readonly id: string
  /** Where it stands in the request, e.g. `Bundle.entry[3].resource`; prefixes the findings. */
  readonly path?: string
}

/** What the drafts are prepared with. */
export interface PrepareOptions {
  readonly tools: PrepareTools
  readonly baseUrl: string
  /** A transaction asks and tells by itself which conditional references match nothing. */
  readonly isTransaction?: boolean
}

const maxIssues = 100

/**
 * Prepares all drafts; throws `invalid-resource` with the findings of all of them. The drafts belong to this function: their
 * exact decimals are put in place before they are written.
 */
export function prepareRecords(
  drafts: readonly Draft[],
  options: PrepareOptions,
  decimals: readonly ExactDecimal[] = [],
): Prepared {
  const errors: Issue[] = []
  const warnings: Issue[] = []
  const rows: IndexRows[] = []
  for (const draft of drafts) {
    const findings = findingsOf(draft, options)
    const refusing = findings.filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
    if (refusing.length > 0) errors.push(...refusing)
    if (errors.length > maxIssues) break
    warnings.push(...findings.filter((issue) => issue.severity === 'warning').slice(0, maxIssues - warnings.length))
    if (errors.length > 0) continue
    rows.push(options.tools.indexRows(withId(draft), { baseUrl: options.baseUrl }))
  }
  const [first] = errors
  if (first !== undefined) {
    throw new AppError('invalid-resource', first.diagnostics, { issues: errors.slice(0, maxIssues) })
  }
  restoreDecimals(decimals)
  const records = rows.map((index, at) => toRecord(drafts[at] as Draft, index)) // one row set per draft
  return { records, columns: toColumns(rows), warnings }
}

// Version and time are the server's; what a client sends there is not kept and so not judged.
function withId(draft: Draft): Resource {
  const { meta, ...rest } = draft.resource
  if (meta === undefined) return { ...rest, id: draft.id }
  if (!isObject(meta)) return { ...draft.resource, id: draft.id }
  const { versionId: _version, lastUpdated: _time, ...kept } = meta
  return { ...rest, id: draft.id, ...(Object.keys(kept).length === 0 ? {} : { meta: kept }) } as Resource
}

function findingsOf(draft: Draft, { tools, isTransaction = false }: PrepareOptions): readonly Issue[] {
  const open = isTransaction ? [] : conditionalReferences(draft.resource)
  const findings = [...tools.validate(withId(draft)), ...open]
  const { path } = draft
  return path === undefined ? findings : findings.map((issue) => placed(issue, path, draft.resource.resourceType))
}

const conditional = /^[A-Z][A-Za-z]{1,63}\?/

// A transaction has put records in their place before (http://hl7.org/fhir/R4/http.html#trules); left as they are they would mean
// nothing to anybody. A Bundle is kept as somebody else's message.
function conditionalReferences({ resourceType, ...elements }: Resource): readonly Issue[] {
  if (resourceType === 'Bundle' || resourceType === 'Parameters') return []
  const found: Issue[] = []
  eachReference(elements, (reference) => {
    if (!conditional.test(reference)) return
    const diagnostics = `${reference.slice(0, 80)} is a conditional reference, which only a transaction resolves; name the record as Type/id`
    found.push({ severity: 'error', code: 'invalid', diagnostics, expression: resourceType })
  })
  return found
}

function placed(issue: Issue, path: string, type: string): Issue {
  const { expression } = issue
  const rest = expression?.startsWith(type) === true ? expression.slice(type.length) : ''
  return { ...issue, expression: `${path}${rest}`, diagnostics: `${path}: ${issue.diagnostics}` }
}

function toRecord(draft: Draft, index: IndexRows): PreparedRecord {
  const { id } = draft
  const { resourceType, id: _id, meta, ...rest } = withId(draft)
  const afterTime = continued(JSON.stringify(meta ?? {}))
  return {
    type: resourceType,
    id,
    tail: afterTime + continued(JSON.stringify(rest)),
    tok: `{${index.tok.join(',')}}`,
    clinicalDate: index.clinicalDate ?? null,
    patients: resourceType === 'Device' ? ownersOf(index) : index.patients,
    labels: index.labels,
  }
}

// R4 leaves Device out of the Patient compartment; whose it is must count all the same, or every patient could read of it.
function ownersOf(index: IndexRows): readonly string[] {
  return [...new Set(index.references.filter(({ type }) => type === 'Patient').map(({ id }) => id))]
}

// The members of an object's text, to be written behind others.
function continued(objectText: string): string {
  return objectText === '{}' ? '}' : `,${objectText.slice(1)}`
}

/** The content of a record as it is stored and returned. */
export function contentOf(record: PreparedRecord, version: number, at: Date): string {
  const { type, id, tail } = record
  return `{"resourceType":"${type}","id":"${id}","meta":{"versionId":"${version}","lastUpdated":"${at.toISOString()}"${tail}`
}

/** The record's resource, parsed, as rules see it; version and time are not in it. */
export function resourceOf(record: PreparedRecord): Resource {
  return JSON.parse(contentOf(record, 0, new Date(0))) as Resource
}
