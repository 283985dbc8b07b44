// Plans a Bundle without touching the store: which ids, which records, which questions must first be asked (pure).
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import { type ExactDecimal, isObject, parseJson, restoreDecimals } from '../prepare/parse-body.ts'
import { type Draft, prepareRecords } from '../prepare/prepare-record.ts'
import { eachReference } from '../prepare/rewrite.ts'
import type { Prepared, PrepareTools } from '../prepare/types.ts'
import { type Answers, addressesOf, type PlannedTarget, rewriteEntry } from './addresses.ts'
import { type EntryMethod, type EntryRequest, entryError, entryPath, readEntry } from './entry.ts'
import { readPatchEntry } from './patch-entry.ts'

/** What a Bundle is planned with. */
export interface PlanOptions {
  readonly tools: PrepareTools
  readonly baseUrl: string
  readonly maxEntries: number
  readonly types: ReadonlySet<string>
  readonly answers?: Answers
}

/** A write of a planned transaction. */
export interface PlannedWrite {
  readonly index: number
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly type: string
  /** Undefined for a conditional delete that matched nothing. */
  readonly id: string | undefined
  /** True for a conditional create that matched: the record stays as it is. */
  readonly isExisting: boolean
  /** Position in `prepared.records`. */
  readonly ordinal: number | undefined
  readonly patch: readonly unknown[] | undefined
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

/** An entry handed on as it is: a read of a transaction, or any entry of a batch. */
export type LooseEntry = Omit<EntryRequest, 'resource'> & { readonly body: string | undefined }

/** A condition whose matches the plan depends on. */
export interface Question {
  readonly key: string
  readonly type: string
  readonly criteria: string
  readonly index: number
  /** A conditional reference needs exactly one match; the others take none, too. */
  readonly isReference: boolean
}

/** A planned Bundle. */
export type Plan =
  | {
      readonly kind: 'questions'
      readonly questions: readonly Question[]
      /** `Type/id` of what the Bundle deletes before the questions are asked. */
      readonly deleted: readonly string[]
    }
  | {
      readonly kind: 'transaction'
      readonly size: number
      readonly writes: readonly PlannedWrite[]
      readonly reads: readonly LooseEntry[]
      readonly prepared: Prepared
      /** Conditions of conditional creates that create; references with the same condition mean the new record. */
      readonly createdConditions: readonly string[]
    }
  | { readonly kind: 'batch'; readonly entries: readonly (LooseEntry | BrokenEntry)[] }

/** A batch entry that cannot be read. */
export interface BrokenEntry {
  readonly index: number
  readonly message: string
  readonly issues: readonly Issue[]
}

/** Plans the Bundle in `text`. Throws AppError; those about an entry name it. */
export function planBundle(text: string, options: PlanOptions): Plan {
  const { value: bundle, decimals } = parseJson(text)
  if (!isObject(bundle) || bundle['resourceType'] !== 'Bundle') {
    throw new AppError('invalid-request', 'The FHIR base takes a Bundle; post other resources to their type')
  }
  const { type, entry = [] } = bundle
  if (type !== 'batch' && type !== 'transaction') {
    throw new AppError('invalid-request', 'Bundle.type must be batch or transaction')
  }
  if (!Array.isArray(entry)) throw new AppError('malformed-body', 'Bundle.entry must be an array')
  if (entry.length > options.maxEntries) {
    throw new AppError('too-large', `A Bundle may have at most ${options.maxEntries} entries; split this one`)
  }
  if (type === 'batch') {
    restoreDecimals(decimals)
    return { kind: 'batch', entries: entry.map((one, index) => looseEntry(one, index, options)) }
  }
  const requests = entry.map((one, index) => readEntry(one, index, options.baseUrl))
  return planTransaction(requests, options, decimals)
}

function looseEntry(entry: unknown, index: number, options: PlanOptions): LooseEntry | BrokenEntry {
  try {
    return loose(readEntry(entry, index, options.baseUrl))
  } catch (error) {
    if (error instanceof AppError) return { index, message: error.message, issues: error.issues }
    throw error
  }
}

function loose({ resource, ...request }: EntryRequest): LooseEntry {
  return { ...request, body: resource === undefined ? undefined : JSON.stringify(resource) }
}

const isRead = (method: EntryMethod): boolean => method === 'GET' || method === 'HEAD'

function planTransaction(
  requests: readonly EntryRequest[],
  options: PlanOptions,
  decimals: readonly ExactDecimal[],
): Plan {
  const writes = requests.filter((request) => !isRead(request.method))
  const unknown = requests.find((request) => !isRead(request.method) && !options.types.has(request.type))
  if (unknown !== undefined) throw entryError(unknown.index, `${unknown.type.slice(0, 64)} is not a resource type here`)
  const questions = questionsOf(writes)
  if (questions.length > 0 && options.answers === undefined) {
    const deleted = writes.filter((request) => request.method === 'DELETE' && request.id !== undefined)
    return { kind: 'questions', questions, deleted: deleted.map((request) => `${request.type}/${request.id}`) }
  }
  const addresses = addressesOf(writes, options.answers ?? {}, options.tools.newId)
  refuseDuplicates(addresses.targets)
  const drafts: Draft[] = []
  const planned = addresses.targets.map((target) => planWrite(target, addresses.rewriting, drafts))
  const prepared = prepareRecords(drafts, { ...options, isTransaction: true }, decimals)
  const reads = requests.filter((request) => isRead(request.method)).map(loose)
  const { createdConditions } = addresses
  return { kind: 'transaction', size: requests.length, writes: planned, reads, prepared, createdConditions }
}

function planWrite(
  target: PlannedTarget,
  rewriting: Parameters<typeof rewriteEntry>[1],
  drafts: Draft[],
): PlannedWrite {
  const { request, id, isExisting } = target
  const method = request.method as PlannedWrite['method'] // reads were set aside before
  const common = { index: request.index, method, type: request.type, id, isExisting }
  const rest = { ifMatch: request.ifMatch, ifNoneMatch: request.ifNoneMatch, patch: undefined, ordinal: undefined }
  if (method === 'PATCH') return { ...common, ...rest, patch: readPatchEntry(request, rewriting) }
  if (method === 'DELETE' || isExisting || id === undefined || request.resource === undefined)
    return { ...common, ...rest }
  rewriteEntry(request, rewriting)
  drafts.push({ resource: request.resource, id, path: `${entryPath(request.index)}.resource` })
  return { ...common, ...rest, ordinal: drafts.length - 1 }
}

// Each is locked until the transaction ends, and PostgreSQL has room for some thousand locks in all.
const maxConditions = 500

// `Type?criteria`, as a reference or as the condition of an entry.
const conditionalReference = /^([A-Z][A-Za-z]{1,63})\?(.+)$/s

function questionsOf(writes: readonly EntryRequest[]): readonly Question[] {
  const questions = new Map<string, Question>()
  const ask = (type: string, criteria: string, index: number, isReference: boolean) => {
    const key = `${type}?${criteria}`
    const known = questions.get(key)
    questions.set(key, { key, type, criteria, index, isReference: isReference && (known?.isReference ?? true) })
    if (questions.size > maxConditions) {
      throw new AppError('too-large', `A transaction may have at most ${maxConditions} conditions; split this one`)
    }
  }
  for (const { index, type, criteria, resource } of writes) {
    if (criteria !== undefined) ask(type, criteria, index, false)
    eachReference(resource satisfies Resource | undefined, (reference) => {
      const [, target, asked] = conditionalReference.exec(reference) ?? []
      if (target !== undefined && asked !== undefined) ask(target, asked, index, true)
    })
  }
  return [...questions.values()]
}

function refuseDuplicates(targets: readonly PlannedTarget[]): void {
  const seen = new Map<string, number>()
  for (const { request, id, isExisting } of targets) {
    if (id === undefined || isExisting) continue
    const key = `${request.type}/${id}`
    const first = seen.get(key)
    if (first !== undefined) {
      throw entryError(
        request.index,
        `${key} is changed by entry[${first}] already; a transaction changes a record once`,
      )
    }
    seen.set(key, request.index)
  }
}
