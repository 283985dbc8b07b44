// Bounds what a page weighs: a thousand records of 20 MB each are no answer. The rows beyond come without their content, so
// that the page ends there and the next one goes on.

/** Bytes of content after which a page ends; its last record may go beyond. A page is written on the event loop. */
export const maxPageBytes = 4 * 1024 * 1024

/** What {@link boundedContent} says of a row. */
export interface Bounded {
  /** True when the row has no place on this page any more, and so no content. */
  readonly beyond: boolean
}

/**
 * The columns `content` and `beyond` of the table alias `v` in rows of an order. octet_length does not fetch what is stored
 * apart, so that the contents beyond cost nothing.
 */
export function boundedContent(order: string, maxBytes: number): string {
  if (!Number.isSafeInteger(maxBytes)) throw new Error('The bound of a page must be a whole number')
  const before = `coalesce(sum(octet_length(v.content)) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)`
  return `CASE WHEN ${before} < ${maxBytes} THEN v.content END AS content, ${before} >= ${maxBytes} AS beyond`
}

/** The rows that have a place, at most `size`. */
export function rowsOfPage<Row extends Bounded>(rows: readonly Row[], size: number): readonly Row[] {
  const end = rows.findIndex(({ beyond }) => beyond)
  return rows.slice(0, end === -1 ? size : Math.min(size, end))
}
