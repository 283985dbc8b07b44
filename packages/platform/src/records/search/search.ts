// Runs a parsed search: the page, its includes, its total and its links, as one Bundle text.
import { AppError, type Issue } from '@xinglin/core/errors'
import type { SearchQuery } from '@xinglin/core/fhir/search'
import type { Queryable, Sql } from '../../kernel/sql.ts'
import { type Bounded, rowsOfPage } from '../store/page-bytes.ts'
import type { AccessFilter } from '../types.ts'
import { maySeeType } from './access.ts'
import { searchUrl, writeSearchset } from './bundle.ts'
import { type CompiledPage, compileCount, compilePage, type PageRequest } from './compile.ts'
import { createCursors, fingerprintOf, type Position } from './cursor.ts'
import { limitOf, maxPageSize, pageSize, type SearchAnswer, type SearchCall, type SearchEngine } from './engine.ts'
import { type EverythingQuery, everythingPage } from './everything-page.ts'
import { type FoundRow, followIncludes, type Included } from './includes.ts'
import type { SearchKnowledge } from './knowledge.ts'
import { createShortcutGuess, type ShortcutRow } from './quick-page.ts'
import { createStatementNames, type StatementNames } from './statement-names.ts'
import { withinCondition, withinTime } from './time-limit.ts'
import type { Turns } from './turns.ts'

/** What search is made with. */
export interface SearchOptions {
  readonly sql: Sql
  readonly knowledge: SearchKnowledge
  /** Secret that signs `next` links; the same in every process, or pages end at a process' border. */
  readonly cursorKey: string | Uint8Array
  /** The turns of costly searches; none inside an open transaction. */
  readonly turns?: Turns
  /** After so many ms PostgreSQL gives a statement up; default 10 000. */
  readonly statementTimeoutMs?: number
  /** The same for a condition of a write, which holds its locks meanwhile; default 3000. */
  readonly conditionTimeoutMs?: number
  /** Steps of a chain that are followed; default 4. */
  readonly maxChainDepth?: number
  /** Resources that includes may add to a page; default 1000. */
  readonly maxIncluded?: number
  /** Names of statements, shared by all searches of the process. */
  readonly statementNames?: StatementNames
}

/** A match of a condition. */
export interface ConditionMatch {
  readonly rid: number
  readonly type: string
  readonly id: string
  readonly content: string
}

/** Searching the record store. */
export interface Search {
  /** One page of a search. */
  search(query: SearchQuery, call: SearchCall): Promise<SearchAnswer>
  /** One page of Patient/$everything. Throws `not-found` for a patient that is not there for the caller. */
  everything(request: EverythingQuery, call: SearchCall): Promise<SearchAnswer>
  /** At most `limit` matches, for conditional operations inside a transaction. */
  findMatches(
    sql: Queryable,
    query: SearchQuery,
    access: AccessFilter,
    limit: number,
  ): Promise<readonly ConditionMatch[]>
}

const estimateCap = 10_000
const unlimited = Number.MAX_SAFE_INTEGER

interface PageRow extends FoundRow, Bounded, ShortcutRow {
  readonly [key: `c${number}`]: string | null
}

/** Creates the search over a store. */
export function createSearch(options: SearchOptions): Search {
  const { statementTimeoutMs = 10_000, conditionTimeoutMs = 3000, maxChainDepth = 4, maxIncluded = 1000 } = options
  const engine: SearchEngine = {
    sql: options.sql,
    knowledge: options.knowledge,
    cursors: createCursors(options.cursorKey),
    names: options.statementNames ?? createStatementNames(),
    shortcuts: createShortcutGuess(),
    turns: options.turns,
    limits: { statementTimeoutMs, conditionTimeoutMs, maxChainDepth, maxIncluded },
  }
  return {
    search: (query, call) => search(engine, query, call),
    everything: (request, call) => everythingPage(engine, request, call),
    findMatches: (sql, query, access, limit) => findMatches(engine, sql, query, { access, limit }),
  }
}

async function findMatches(
  engine: SearchEngine,
  sql: Queryable,
  query: SearchQuery,
  bound: { readonly access: AccessFilter; readonly limit: number },
) {
  const { knowledge, limits } = engine
  const compiled = compilePage(query, {
    ...bound,
    knowledge,
    maxChainDepth: limits.maxChainDepth,
    maxBytes: unlimited,
  })
  const find = (): Promise<readonly PageRow[]> => sql.query<PageRow>(compiled)
  const isQuick = compiled.path === 'token' || compiled.path === 'patient'
  const rows = isQuick ? await find() : await withinCondition(sql, limits.conditionTimeoutMs, find)
  return rows.filter((row) => knowledge.verify(row.content, query))
}

async function search(engine: SearchEngine, query: SearchQuery, call: SearchCall): Promise<SearchAnswer> {
  refuseHiddenTypes(query, call.access)
  const size = pageSize(query.count)
  const isCountOnly = query.summary === 'count' || query.count === 0
  const page = isCountOnly ? emptyPage : await readPage(engine, query, call, size)
  const total = await totalOf(engine, query, call, { page, isCountOnly })
  const { maxIncluded } = engine.limits
  const isCut = page.included.isCut
  return {
    bundle: writeSearchset({
      baseUrl: call.baseUrl,
      query,
      matches: page.matches,
      included: page.included.rows,
      total,
      links: linksOf(query, call, { size, next: page.next }),
      issues: [...query.ignored, ...tellLimits(query, isCut, maxIncluded)],
    }),
    count: page.matches.length,
    patients: [...new Set([...page.matches, ...page.included.rows].flatMap((row) => row.pat ?? []))].slice(0, 100),
  }
}

function refuseHiddenTypes(query: SearchQuery, access: AccessFilter): void {
  const hidden = query.types.filter((type) => !maySeeType(access, type))
  if (hidden.length === 0 || hidden.length < query.types.length) return
  throw new AppError('forbidden', `Your roles and scopes do not allow searching ${hidden.slice(0, 5).join(', ')}.`)
}

interface Page {
  readonly matches: readonly FoundRow[]
  readonly included: Included
  readonly next: string | undefined
  readonly isFirst: boolean
}

const emptyPage: Page = { matches: [], included: { rows: [], isCut: false }, next: undefined, isFirst: true }

async function readPage(engine: SearchEngine, query: SearchQuery, call: SearchCall, size: number): Promise<Page> {
  const { knowledge, cursors, limits } = engine
  const { access } = call
  const fingerprint = () => fingerprintOf(query, access)
  const position = query.cursor === undefined ? undefined : cursors.read(query.cursor, fingerprint())
  const request = { access, knowledge, maxChainDepth: limits.maxChainDepth, limit: size + 1, position }
  const { rows, keyCount } = await findPage(engine, query, call, request)
  const shown = rowsOfPage(rows, size)
  const matches = shown.filter((row) => knowledge.verify(row.content, query))
  const last = shown.at(-1)
  const next =
    rows.length > shown.length && last !== undefined
      ? cursors.write(positionOf(last, keyCount), fingerprint())
      : undefined
  const included = await include(engine, query, call, matches)
  return { matches, included, next, isFirst: position === undefined }
}

interface FoundPage {
  readonly rows: readonly PageRow[]
  readonly keyCount: number
}

async function findPage(
  engine: SearchEngine,
  query: SearchQuery,
  call: SearchCall,
  request: PageRequest,
): Promise<FoundPage> {
  const shortcuts = engine.shortcuts.of(call.access, request.limit)
  if (!shortcuts.isOpen && !shortcuts.isLight) return await askPage(engine, query, call, request)
  const quick = await askPage(engine, query, call, { ...request, shortcuts })
  return engine.shortcuts.wereRight(quick.rows) ? quick : await askPage(engine, query, call, request)
}

async function askPage(
  engine: SearchEngine,
  query: SearchQuery,
  call: SearchCall,
  request: PageRequest,
): Promise<FoundPage> {
  const { compiled, name } = await statementOf(engine, query, request)
  const statement = name === undefined ? compiled : { ...compiled, name }
  // One patient's rows are few: no transaction is needed to bound the statement.
  const isSmall = compiled.path === 'patient' && !hasJoins(query)
  const rows = await withinTime(limitOf(engine, call, isSmall), (sql) => sql.query<PageRow>(statement))
  return { rows, keyCount: compiled.keyCount }
}

// One plan serves every patient, and every text, so PostgreSQL keeps it under a name.
async function statementOf(
  { names, sql }: SearchEngine,
  query: SearchQuery,
  request: PageRequest,
): Promise<{ readonly compiled: CompiledPage; readonly name?: string | undefined }> {
  const compiled = compilePage(query, { ...request, isKept: !hasJoins(query) })
  if (hasJoins(query) || (compiled.path !== 'patient' && compiled.path !== 'string')) return { compiled }
  const name = await names.of(sql, compiled.text)
  return name === undefined && compiled.path === 'string'
    ? { compiled: compilePage(query, request) }
    : { compiled, name }
}

function hasJoins(query: SearchQuery): boolean {
  return query.criteria.some((criterion) => criterion.kind === 'chain' || criterion.kind === 'has')
}

function positionOf(row: PageRow, keyCount: number): Position {
  return { rid: row.rid, keys: Array.from({ length: keyCount }, (_key, index) => row[`c${index + 1}`] ?? null) }
}

async function include(
  engine: SearchEngine,
  query: SearchQuery,
  call: SearchCall,
  matches: readonly FoundRow[],
): Promise<Included> {
  if (query.includes.length === 0 || matches.length === 0) return emptyPage.included
  const { knowledge, limits } = engine
  const options = { access: call.access, knowledge, limit: limits.maxIncluded }
  return await withinTime(limitOf(engine, call), (sql) => followIncludes(sql, query.includes, matches, options))
}

interface Known {
  readonly page: Page
  readonly isCountOnly: boolean
}

// A first page that is not full is its own total; otherwise only what was asked for is counted.
async function totalOf(
  engine: SearchEngine,
  query: SearchQuery,
  call: SearchCall,
  known: Known,
): Promise<number | undefined> {
  const { page, isCountOnly } = known
  if (!isCountOnly && page.isFirst && page.next === undefined) return page.matches.length
  if (!isCountOnly && query.total === 'none') return undefined
  const { knowledge, limits } = engine
  const cap = query.total === 'estimate' ? estimateCap : unlimited
  const statement = compileCount(query, { access: call.access, knowledge, maxChainDepth: limits.maxChainDepth }, cap)
  const rows = await withinTime(limitOf(engine, call), (sql) => sql.query<{ total: number }>(statement))
  return Number(rows[0]?.total ?? 0)
}

function linksOf(
  query: SearchQuery,
  call: SearchCall,
  page: { readonly size: number; readonly next: string | undefined },
) {
  const count: Record<string, string> = query.count === undefined ? {} : { _count: String(page.size) }
  const cursor: Record<string, string> = query.cursor === undefined ? {} : { _cursor: query.cursor }
  const links = [
    { relation: 'self', url: searchUrl(call.selfUrl, query, { ...count, ...cursor }) },
    { relation: 'first', url: searchUrl(call.selfUrl, query, count) },
  ]
  if (page.next === undefined) return links
  return [...links, { relation: 'next', url: searchUrl(call.selfUrl, query, { ...count, _cursor: page.next }) }]
}

function tellLimits(query: SearchQuery, isCut: boolean, maxIncluded: number): readonly Issue[] {
  const issues: Issue[] = []
  if ((query.count ?? 0) > maxPageSize) {
    issues.push({
      severity: 'information',
      code: 'informational',
      diagnostics: `_count was lowered to ${maxPageSize}, the largest page.`,
    })
  }
  if (isCut) {
    const diagnostics = `Not all that would be included is: at most ${maxIncluded} resources of some megabytes are. Ask with a smaller _count.`
    issues.push({ severity: 'warning', code: 'incomplete', diagnostics })
  }
  return issues
}
