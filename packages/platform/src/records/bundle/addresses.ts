// Gives every entry of a transaction its id and collects what the Bundle's references turn into.
import { eachReference, type Rewriting, rewriteReferences } from '../prepare/rewrite.ts'
import { type EntryRequest, entryError } from './entry.ts'

/** The answers to a plan's questions: `Type?criteria` → id of the one match, or null for none. */
export type Answers = Readonly<Record<string, string | null>>

/** An entry with the record that it is about. */
export interface PlannedTarget {
  readonly request: EntryRequest
  readonly id: string | undefined
  readonly isExisting: boolean
}

/** Every entry's target, and the rewriting that follows. */
export interface Addresses {
  readonly targets: readonly PlannedTarget[]
  readonly rewriting: Rewriting
  readonly createdConditions: readonly string[]
}

const restfulUrl = /^https?:\/\/.+\/([A-Z][A-Za-z]{1,63}\/[A-Za-z0-9\-.]{1,64})$/

/** Assigns ids to the writes of a transaction. */
export function addressesOf(writes: readonly EntryRequest[], answers: Answers, newId: () => string): Addresses {
  const created = new Map<string, string>()
  const targets = writes.map((request) => targetOf(request, { answers, created, newId }))
  const map = new Map<string, string>()
  const relative = new Map<string, string | undefined>()
  for (const [key, id] of Object.entries(answers)) {
    const found = id ?? created.get(key)
    if (found !== undefined) map.set(key, `${key.slice(0, key.indexOf('?'))}/${found}`)
  }
  for (const { request, id } of targets) {
    if (request.fullUrl === undefined || id === undefined) continue
    const address = `${request.type}/${id}`
    if (map.has(request.fullUrl) && map.get(request.fullUrl) !== address) {
      throw entryError(request.index, 'another entry has the same fullUrl')
    }
    map.set(request.fullUrl, address)
    const path = restfulUrl.exec(request.fullUrl)?.[1]
    // A relative reference means the entry with that full URL; when two servers' entries share it, nobody can say which.
    if (path !== undefined && path !== address) relative.set(path, relative.has(path) ? undefined : address)
  }
  for (const [path, address] of relative) if (address !== undefined && !map.has(path)) map.set(path, address)
  const hasUrls = writes.some((request) => request.fullUrl?.startsWith('http') === true)
  return { targets, rewriting: { targets: map, hasUrls }, createdConditions: [...created.keys()] }
}

interface Assignment {
  readonly answers: Answers
  /** Ids given by the first of several conditional creates with the same condition. */
  readonly created: Map<string, string>
  readonly newId: () => string
}

function targetOf(request: EntryRequest, { answers, created, newId }: Assignment): PlannedTarget {
  const { method, type, criteria } = request
  const key = criteria === undefined ? undefined : `${type}?${criteria}`
  const match = key === undefined ? undefined : (answers[key] ?? undefined)
  if (method !== 'POST') {
    const id = request.id ?? match
    refuseOtherId(request, id)
    if (id !== undefined || method === 'DELETE') return { request, id, isExisting: false }
    if (method === 'PATCH')
      throw entryError(request.index, 'no record matches the condition, so there is nothing to patch')
    const given = request.resource?.id
    return { request, id: typeof given === 'string' ? given : newId(), isExisting: false }
  }
  if (key === undefined) return { request, id: newId(), isExisting: false }
  const known = match ?? created.get(key)
  if (known !== undefined) return { request, id: known, isExisting: true }
  const id = newId()
  created.set(key, id)
  return { request, id, isExisting: false }
}

function refuseOtherId(request: EntryRequest, id: string | undefined): void {
  if (request.method !== 'PUT' || id === undefined) return
  const given = request.resource?.id
  if (given === id || (given === undefined && request.id === undefined)) return
  throw entryError(request.index, `the resource must have the id ${id} of the record that it replaces`)
}

/** Rewrites the entry's resource in place; refuses references to URNs that the Bundle does not hold. */
export function rewriteEntry(request: EntryRequest, rewriting: Rewriting): void {
  rewriteReferences(request.resource, rewriting)
  eachReference(request.resource, (reference) => {
    if (reference.startsWith('urn:uuid:') || reference.startsWith('urn:oid:')) {
      throw entryError(request.index, `it refers to ${reference.slice(0, 80)}, which is no fullUrl of this Bundle`)
    }
  })
}
