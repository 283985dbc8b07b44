// Changing the knowledge (pure): rows set or removed by their key give the rows of a new version, or a refusal that says why.
import { AppError } from '@xinglin/core/errors'
import { compileKnowledge } from './knowledge.ts'
import { type KnowledgeRow, type KnowledgeRows, type KnowledgeTable, knowledgeTables } from './tables.ts'

/** One change: a row is set (added, or replaced where its key is known), or the row with a key is removed. */
export type KnowledgeChange = { readonly table: string } & (
  | { readonly set: KnowledgeRow }
  | { readonly remove: KnowledgeRow }
)

const refusal = (text: string): AppError => new AppError('unprocessable', text)

function tableOf(name: string): KnowledgeTable {
  const table = knowledgeTables.find((one) => one.name === name)
  if (table !== undefined) return table
  throw refusal(`There is no table ${name}; there are ${knowledgeTables.map((one) => one.name).join(', ')}`)
}

function keyOf(table: KnowledgeTable, row: KnowledgeRow): string {
  const lacking = table.key.filter((column) => (row[column] ?? '') === '')
  if (lacking.length > 0) throw refusal(`A row of ${table.name} needs ${lacking.join(', ')}`)
  return table.key.map((column) => row[column]).join('\t')
}

function requireColumns(table: KnowledgeTable, row: KnowledgeRow): void {
  for (const [name, text] of Object.entries(row)) {
    const column = table.columns.find((one) => one.name === name)
    if (column === undefined) {
      throw refusal(`${table.name} has no column ${name}; it has ${table.columns.map((one) => one.name).join(', ')}`)
    }
    if (/[\t\r\n]/.test(text)) throw refusal(`${table.name}.${name} must be one line without tabs`)
    if (column.kind === 'number' && text !== '' && !Number.isFinite(Number(text))) {
      throw refusal(`${table.name}.${name} must be a number, not ${JSON.stringify(text.slice(0, 50))}`)
    }
  }
}

function changed(
  rows: readonly KnowledgeRow[],
  table: KnowledgeTable,
  change: KnowledgeChange,
): readonly KnowledgeRow[] {
  const given = 'set' in change ? change.set : change.remove
  requireColumns(table, given)
  const key = keyOf(table, given)
  const at = rows.findIndex((row) => keyOf(table, row) === key)
  if ('remove' in change) {
    if (at === -1) throw refusal(`${table.name} has no row ${key.replaceAll('\t', ', ')}`)
    return rows.toSpliced(at, 1)
  }
  return at === -1 ? [...rows, given] : rows.with(at, { ...rows[at], ...given })
}

// What the database would refuse, in words.
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  'presents_in.p': [0, 1],
  'finding.leak': [0, 1],
  'condition.weight': [0, Number.POSITIVE_INFINITY],
  'condition.female': [0, Number.POSITIVE_INFINITY],
  'condition.male': [0, Number.POSITIVE_INFINITY],
  'condition.severity': [0, 6],
}

function requireRanges(rows: KnowledgeRows): void {
  for (const [place, [above, below]] of Object.entries(ranges)) {
    const [table = '', column = ''] = place.split('.')
    for (const row of rows.get(table) ?? []) {
      const value = Number(row[column])
      if (!(value > above && value < below)) {
        throw refusal(`${place} of ${JSON.stringify(row).slice(0, 120)} must lie between ${above} and ${below}`)
      }
    }
  }
}

function requireSources(rows: KnowledgeRows): void {
  const known = new Set((rows.get('source') ?? []).map(({ id }) => id))
  for (const table of knowledgeTables.filter(({ columns }) => columns.some(({ name }) => name === 'source'))) {
    const lost = (rows.get(table.name) ?? []).find(({ source = '' }) => source !== '' && !known.has(source))
    if (lost !== undefined) throw refusal(`${table.name} cites ${lost.source}, which is not in source`)
  }
}

function requireFindings(rows: KnowledgeRows): void {
  const known = new Set((rows.get('finding') ?? []).map(({ id }) => id))
  for (const { id, all_of: all = '', any_of: any_ = '', ask_when: when = '' } of rows.get('red_flag') ?? []) {
    const lost = `${all},${any_},${when}`
      .split(',')
      .find((finding) => finding.trim() !== '' && !known.has(finding.trim()))
    if (lost !== undefined) throw refusal(`The red flag ${id} names ${lost}, which is not a finding`)
  }
}

/**
 * The rows after the changes, in their order.
 * @throws AppError 'unprocessable' when a change cannot be made, or what comes of it cannot be used
 */
export function withChanges(rows: KnowledgeRows, changes: readonly KnowledgeChange[]): KnowledgeRows {
  const result = new Map(rows)
  for (const change of changes) {
    const table = tableOf(change.table)
    result.set(table.name, changed(result.get(table.name) ?? [], table, change))
  }
  requireRanges(result)
  requireSources(result)
  requireFindings(result)
  try {
    compileKnowledge(0, result)
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error))
  }
  return result
}
