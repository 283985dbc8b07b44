// Where nobody restricts anything, a page need not ask of each row what withholds it: it asks once, in the same statement, whether
// there is any restriction at all. Its rows count only if there is none; else the page is asked again with the whole filter.
import type { AccessFilter } from '../types.ts'

/** Whether anybody restricts anything, as the statement's own snapshot sees it: of every row the same. */
export const anyRestriction = 'EXISTS (SELECT 1 FROM records.restriction)'

/** The filter without what Consents withhold; its rows are those of the whole filter while {@link anyRestriction} is false. */
export function openAccess({ restrictedAs: _unasked, ...access }: AccessFilter): AccessFilter {
  return access
}

/** When to ask for an open page: a guess that costs time when it is wrong, never more. */
export interface Openness {
  mayBeOpen(access: AccessFilter): boolean
  /** An open page met a restriction. */
  sawRestriction(): void
}

const doubtForMs = 60_000

/** Remembers for a minute that something is restricted, so that pages are not asked for twice. */
export function createOpenness(nowMs: () => number = () => performance.now()): Openness {
  const state = { seenMs: Number.NEGATIVE_INFINITY }
  return {
    // A broken glass shows what labels hide, which an open page would leave out.
    mayBeOpen: ({ restrictedAs }) =>
      restrictedAs !== undefined && restrictedAs.glassBrokenBy === undefined && nowMs() - state.seenMs > doubtForMs,
    sawRestriction() {
      state.seenMs = nowMs()
    },
  }
}
