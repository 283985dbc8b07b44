// Takes a query apart into names and values.
import { AppError } from '@xinglin/core/errors'

/** Name and value pairs in the order sent. Throws `invalid-request` where the percent encoding is broken. */
export function queryPairs(query: string): readonly (readonly [string, string])[] {
  if (/%(?![0-9A-Fa-f]{2})/.test(query)) {
    throw new AppError(
      'invalid-request',
      'The query has a % that is not followed by two hex digits; write a plain percent sign as %25.',
    )
  }
  return [...new URLSearchParams(query)]
}
