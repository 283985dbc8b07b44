// Two shortcuts of a page, each with a word in its rows on whether it was allowed; if not, the page is asked again as a whole.
// Open: where nobody restricts anything, a page need not ask of each row what withholds it, but once whether there is any restriction
// at all, in the same statement. Light: where all contents of a small page are small, nobody need add up what they weigh.
import { maxPageBytes } from '../store/page-bytes.ts'
import type { AccessFilter } from '../types.ts'

/** Which shortcuts a page takes; none is always right. */
export interface Shortcuts {
  readonly isOpen: boolean
  readonly isLight: boolean
}

/** What the rows of a page say of its shortcuts. */
export interface ShortcutRow {
  /** Of an open page: somebody restricts something, so that no row counts. */
  readonly restricted?: boolean
  /** Of a light page: the row lacks its content. */
  readonly heavy?: boolean
}

/** Whether anybody restricts anything, as the statement's own snapshot sees it: of every row the same. */
export const anyRestriction = 'EXISTS (SELECT 1 FROM records.restriction)'

/** The filter without what Consents withhold; its rows are those of the whole filter while {@link anyRestriction} is false. */
export function openAccess({ restrictedAs: _unasked, ...access }: AccessFilter): AccessFilter {
  return access
}

/** The columns of a light page of at most `limit` rows: contents up to an even share of a page. */
export function lightContent(limit: number): string {
  const share = Math.floor(maxPageBytes / limit)
  const isHeavy = `octet_length(v.content) > ${share}`
  return `CASE WHEN ${isHeavy} THEN NULL ELSE v.content END AS content, false AS beyond, ${isHeavy} AS heavy`
}

/** When to take shortcuts: a guess that costs time when it is wrong, never more. */
export interface ShortcutGuess {
  /** For a page of at most `limit` rows. */
  of(access: AccessFilter, limit: number): Shortcuts
  /** Notes what a page said; true when its shortcuts were allowed, so that its rows count. */
  wereRight(rows: readonly ShortcutRow[]): boolean
}

const doubtForMs = 60_000
const leastShareBytes = 64 * 1024

/** Remembers for a minute which shortcut was wrong, so that pages are not asked for twice. */
export function createShortcutGuess(nowMs: () => number = () => performance.now()): ShortcutGuess {
  const seenMs = { restricted: Number.NEGATIVE_INFINITY, heavy: Number.NEGATIVE_INFINITY }
  const isDoubtful = (since: number): boolean => nowMs() - since <= doubtForMs
  return {
    of: ({ restrictedAs }, limit) => ({
      // A broken glass shows what labels hide, which an open page would leave out.
      isOpen: restrictedAs !== undefined && restrictedAs.glassBrokenBy === undefined && !isDoubtful(seenMs.restricted),
      isLight: limit * leastShareBytes <= maxPageBytes && !isDoubtful(seenMs.heavy),
    }),
    wereRight(rows) {
      const isRestricted = rows[0]?.restricted === true
      const isHeavy = rows.some(({ heavy }) => heavy === true)
      if (isRestricted) seenMs.restricted = nowMs()
      if (isHeavy) seenMs.heavy = nowMs()
      return !isRestricted && !isHeavy
    },
  }
}
