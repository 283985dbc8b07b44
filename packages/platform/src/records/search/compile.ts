// Compiles a parsed search and the caller's access filter into one SQL statement for a page, and one for the total.
import type { Criterion, SearchQuery } from '@xinglin/core/fhir/search'
import type { Statement } from '../../kernel/sql.ts'
import { boundedContent, maxPageBytes } from '../store/page-bytes.ts'
import type { AccessFilter } from '../types.ts'
import { maySeeType, visible } from './access.ts'
import { type Binder, createBinder } from './binder.ts'
import { patientsByText } from './by-text.ts'
import { inCompartment } from './compartment.ts'
import { compileCriterion } from './criterion.ts'
import type { Position } from './cursor.ts'
import type { SearchKnowledge } from './knowledge.ts'
import { choosePath, isCoarse, type Path } from './path.ts'
import { anyRestriction, lightContent, openAccess, type Shortcuts } from './quick-page.ts'
import { allOf, type Scope } from './scope.ts'
import { after, type DrivingColumns, isNaturalOrder, type OrderKey, orderBy, orderOf } from './sort.ts'

/** What a compilation needs beside the query. */
export interface CompileOptions {
  readonly access: AccessFilter
  readonly knowledge: SearchKnowledge
  readonly maxChainDepth: number
}

/** A page to compile: at most `limit` rows after `position`. */
export interface PageRequest extends CompileOptions {
  readonly limit: number
  readonly position?: Position | undefined
  /** Bytes of content after which rows come without it; default {@link maxPageBytes}. */
  readonly maxBytes?: number
  /** Default: none. */
  readonly shortcuts?: Shortcuts
  /** Whether PostgreSQL keeps the plan: the way to patients by a text takes long to plan. Default: no. */
  readonly isKept?: boolean
  /** Entries of a text up to which its patients are looked up, not walked to; default 10 000. */
  readonly mostLookedUp?: number
}

/** A compiled page: rows have `rid, type, id, pat, content, beyond` and the position's text `c1 … cn`. */
export interface CompiledPage extends Statement {
  readonly keyCount: number
  readonly path: Path['kind']
}

/** One way into the rows; several are united without duplicates. */
interface Source {
  readonly from: string
  readonly where: readonly string[]
}

const noShortcuts: Shortcuts = { isOpen: false, isLight: false }

/** Compiles the statement of one page. */
export function compilePage(query: SearchQuery, request: PageRequest): CompiledPage {
  const binder = createBinder()
  const path = pathOf(query, request)
  const columns = columnsOf(path)
  const order = { columns, binder, knowledge: request.knowledge }
  const keys = orderOf(query, order)
  const { isOpen, isLight } = request.shortcuts ?? noShortcuts
  const access = isOpen ? openAccess(request.access) : request.access
  const conditions = conditionsOf({ query, path, binder }, request, access)
  const later = request.position === undefined ? [] : [after(keys, request.position, order)]
  const limit = binder.bind(request.limit, 'bigint')
  const limited = { keys, limit, rid: columns.rid }
  const rows =
    path.kind === 'string'
      ? [
          patientsByText(scopeOf(path, binder, request), path.criterion, {
            ...{ conditions, later, limit, rows: request.limit, most: request.mostLookedUp },
          }),
        ]
      : sourcesOf(path, binder).map((source) => limitedRows(source, [...conditions, ...later], limited))
  const outerOrder = orderBy(keys, (index) => `q.k${index + 1}`, 'q.rid')
  const [single, ...more] = rows
  // A patient is not listed again where it is the first; a token may be met by several hashes.
  const union = path.kind === 'token' ? ' UNION ' : ' UNION ALL '
  const united =
    more.length === 0
      ? `${single}`
      : `SELECT * FROM (${rows.map((row) => `(${row})`).join(union)}) q ORDER BY ${outerOrder} LIMIT ${limit}`
  const positions = keys.map((_key, index) => `, q.k${index + 1}::text AS c${index + 1}`).join('')
  const content = isLight ? lightContent(request.limit) : boundedContent(outerOrder, request.maxBytes ?? maxPageBytes)
  const guard = isOpen ? `, ${anyRestriction} AS restricted` : ''
  const text = `SELECT q.rid, q.type, q.id, q.pat${positions}, ${content}${guard} FROM (${united}) q JOIN records.version v ON v.rid = q.rid ORDER BY ${outerOrder}`
  return { text, values: binder.values, keyCount: keys.length, path: path.kind }
}

// Patients of a text are found in the order of their last change alone.
function pathOf(query: SearchQuery, { access, knowledge, isKept = false }: PageRequest): Path {
  const path = choosePath(query, access, knowledge)
  const [first, ...more] = query.sort
  const isNatural = first === undefined || (more.length === 0 && first.descending && first.parameter === '_lastUpdated')
  return path.kind === 'string' && !(isNatural && isKept) ? { kind: 'scan' } : path
}

interface Limited {
  readonly keys: readonly OrderKey[]
  readonly limit: string
  readonly rid: string
}

function limitedRows(source: Source, conditions: readonly string[], { keys, limit, rid }: Limited): string {
  const columns = keys.map((key, index) => `, ${key.expression} AS k${index + 1}`).join('')
  const isOrdered = isNaturalOrder(keys, 'clinical') || isNaturalOrder(keys, 'updated')
  // The bare columns, so that the driving index gives the order; otherwise the computed keys.
  const order = isOrdered
    ? `${keys[0]?.expression} DESC, ${rid} DESC`
    : orderBy(keys, (index) => `k${index + 1}`, 'rid')
  const where = allOf([...source.where, ...conditions])
  return `SELECT r.rid, r.type, r.id, r.pat${columns} FROM ${source.from} WHERE ${where} ORDER BY ${order} LIMIT ${limit}`
}

function columnsOf(path: Path): DrivingColumns {
  if (path.kind === 'token') return { clinical: 't.dt', rid: 't.rid', natural: 'clinical' }
  return { clinical: 'r.dt', rid: 'r.rid', natural: path.kind === 'patient' ? 'clinical' : 'updated' }
}

/** Compiles the count of all matches, up to `cap`. */
export function compileCount(query: SearchQuery, options: CompileOptions, cap: number): Statement {
  const binder = createBinder()
  const chosen = choosePath(query, options.access, options.knowledge)
  const path: Path = chosen.kind === 'string' ? { kind: 'scan' } : chosen
  const where = conditionsOf({ query, path, binder }, options, options.access)
  const rows = sourcesOf(path, binder).map(
    (source) => `SELECT r.rid FROM ${source.from} WHERE ${allOf([...source.where, ...where])}`,
  )
  const limit = binder.bind(cap, 'bigint')
  return { text: `SELECT count(*) AS total FROM (${rows.join(' UNION ')} LIMIT ${limit}) q`, values: binder.values }
}

function scopeOf(path: Path, binder: Binder, options: CompileOptions): Scope {
  return {
    alias: 'r',
    binder,
    access: options.access,
    knowledge: options.knowledge,
    depth: 0,
    maxDepth: options.maxChainDepth,
    isNarrow: path.kind === 'patient' || path.kind === 'token' || path.kind === 'string',
    compile: compileCriterion,
  }
}

/** The conditions on row `r` that hold on every path: type, access, compartment, criteria but for a text that drives. */
function conditionsOf(
  { query, path, binder }: { readonly query: SearchQuery; readonly path: Path; readonly binder: Binder },
  options: CompileOptions,
  access: AccessFilter,
): string[] {
  const scope = scopeOf(path, binder, options)
  // Which types a caller may see need not be asked of rows whose type is asked for, and is one of them.
  const isSeen = query.types.every((type) => maySeeType(access, type))
  const conditions = [typesOf(query, path, binder), visible('r', isSeen ? { ...access, types: 'all' } : access, binder)]
  if (query.compartment !== undefined && path.kind !== 'patient')
    conditions.push(inCompartment(scope, query.types, query.compartment))
  const narrowed = (criterion: Criterion) => (isCoarse(criterion) ? { ...scope, isNarrow: true } : scope)
  const criteria = query.criteria.filter((criterion) => path.kind !== 'string' || criterion !== path.criterion)
  return [...conditions, ...criteria.map((criterion) => compileCriterion(narrowed(criterion), criterion))]
}

function typesOf({ types }: SearchQuery, path: Path, binder: Binder): string {
  // Not a parameter: the index of patients alone is only used where the text of the statement says so.
  if (path.kind === 'string') return `r.type = 'Patient'`
  const [type, ...others] = types
  return others.length === 0
    ? `r.type = ${binder.bind(type ?? '', 'text')}`
    : `r.type = ANY(${binder.bind(types, 'text[]')})`
}

function sourcesOf(path: Path, binder: Binder): readonly Source[] {
  switch (path.kind) {
    case 'string':
    case 'scan':
      return [{ from: 'records.resource r', where: [] }]
    case 'types':
      return path.types.map((type) => ({
        from: 'records.resource r',
        where: [`r.type = ${binder.bind(type, 'text')}`],
      }))
    case 'patient': {
      // `pat` is the first patient of a record; the few records with several stand beside it by the others.
      const patient = binder.bind(path.patient, 'text')
      return [
        { from: 'records.resource r', where: [`r.pat = ${patient}`] },
        {
          from: 'records.compartment_index m JOIN records.resource r ON r.rid = m.rid',
          where: [`m.pat = ${patient}`],
        },
      ]
    }
    case 'token':
      return path.hashes.map((hash) => ({
        from: 'records.token_index t JOIN records.resource r ON r.rid = t.rid',
        where: [`t.h = ${binder.bind(hash, 'bigint')}`],
      }))
    default:
      return path satisfies never
  }
}
