// SQL of what write rules read; every record read stays locked until the change is committed.
import type { Resource } from '@xinglin/core/fhir'
import type { IndexRows } from '@xinglin/core/fhir/search'
import type { Tx } from '../../kernel/sql.ts'
import { contentsOf } from './contents.ts'
import { type Address, keyOf, lockTexts } from './heads.ts'

/** A question for the records that refer to `to` by a search parameter. */
export interface ReferrersQuestion {
  readonly type: string
  readonly parameter: string
  readonly to: string
}

/** What write rules read through. */
export interface RuleStore {
  records(tx: Tx, addresses: readonly Address[]): Promise<ReadonlyMap<string, Resource>>
  /** Of those that are deleted, the last version before that. */
  deleted(tx: Tx, addresses: readonly Address[]): Promise<ReadonlyMap<string, Resource>>
  referrers(tx: Tx, question: ReferrersQuestion): Promise<readonly Resource[]>
  /** Whether a pending record is among the referrers. */
  refers(resource: Resource, question: ReferrersQuestion): boolean
}

/** What a rule store needs of the search core. */
export interface RuleStoreOptions {
  readonly indexRows: (resource: Resource) => IndexRows
  /** The `p` of a parameter's rows in the reference index. */
  readonly parameterHash: (parameter: { readonly base: string; readonly code: string }) => number
}

/** Creates the store; its reads are not bounded by the caller's access, because rules hold for everybody. */
export function createRuleStore(options: RuleStoreOptions): RuleStore {
  const hashOf = ({ type, parameter }: ReferrersQuestion) => options.parameterHash({ base: type, code: parameter })
  return {
    records: (tx, addresses) => readLocked(tx, addresses),
    deleted: (tx, addresses) => readDeleted(tx, addresses),
    referrers: (tx, question) => readReferrers(tx, question, hashOf(question)),
    refers(resource, question) {
      const p = hashOf(question)
      const { references } = options.indexRows(resource)
      return references.some((row) => row.p === p && `${row.type}/${row.id}` === question.to)
    },
  }
}

async function readLocked(tx: Tx, addresses: readonly Address[]): Promise<ReadonlyMap<string, Resource>> {
  if (addresses.length === 0) return new Map()
  const heads = await tx.query<{ readonly type: string; readonly id: string; readonly rid: number }>({
    name: 'records_rule_heads',
    text: `SELECT r.type, r.id, r.rid FROM records.resource r
      JOIN unnest($1::text[], $2::text[]) AS k(type, id) ON r.type = k.type AND r.id = k.id
      WHERE NOT r.deleted ORDER BY r.type, r.id FOR UPDATE OF r`,
    values: [addresses.map((one) => one.type), addresses.map((one) => one.id)],
  })
  const byRid = await contentsOf(
    tx,
    heads.map((head) => head.rid),
  )
  return new Map(heads.map((head) => [keyOf(head), JSON.parse(byRid.get(head.rid) ?? 'null') as Resource]))
}

// The heads are locked already: a rule looks at what its own change brings back.
async function readDeleted(tx: Tx, addresses: readonly Address[]): Promise<ReadonlyMap<string, Resource>> {
  if (addresses.length === 0) return new Map()
  const last = await tx.query<{ readonly type: string; readonly id: string; readonly rid: number }>({
    name: 'records_rule_deleted',
    text: `SELECT r.type, r.id, v.rid FROM records.resource r
      JOIN unnest($1::text[], $2::text[]) AS k(type, id) ON r.type = k.type AND r.id = k.id
      CROSS JOIN LATERAL (SELECT rid FROM records.version v WHERE v.type = r.type AND v.id = r.id AND v.content IS NOT NULL
                          ORDER BY ver DESC LIMIT 1) v
      WHERE r.deleted`,
    values: [addresses.map((one) => one.type), addresses.map((one) => one.id)],
  })
  const byRid = await contentsOf(
    tx,
    last.map((one) => one.rid),
  )
  return new Map(last.map((one) => [keyOf(one), JSON.parse(byRid.get(one.rid) ?? 'null') as Resource]))
}

// New referrers cannot be locked, for they do not exist yet: writers that ask the same question take turns instead.
async function readReferrers(tx: Tx, question: ReferrersQuestion, p: number): Promise<readonly Resource[]> {
  const [type, id] = question.to.split('/')
  await lockTexts(tx, [`${question.type}<${question.parameter}<${question.to}`])
  const heads = await tx.query<{ readonly rid: number }>({
    // Without a name, so planned each time: a plan kept from an empty store would read all of a grown one.
    // The referring rows first; the order is an expression, so that no plan walks all records of the type in theirs.
    text: `SELECT r.rid FROM records.resource r
      WHERE r.rid = ANY (ARRAY(SELECT x.rid FROM records.reference_index x WHERE x.p = $1 AND x.type = $2 AND x.id = $3))
        AND NOT r.deleted AND r.type = $4 ORDER BY r.id || '' LIMIT 10000 FOR UPDATE OF r`,
    values: [p, type, id, question.type],
  })
  const found = await contentsOf(
    tx,
    heads.map((head) => head.rid),
  )
  return [...found.values()].flatMap((content) => (content === null ? [] : [JSON.parse(content) as Resource]))
}
