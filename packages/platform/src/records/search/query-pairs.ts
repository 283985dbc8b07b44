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
  if (query.includes('%')) requireUtf8(query)
  if (/%00|\0/.test(query)) {
    throw new AppError('invalid-request', 'The query has the character U+0000, which no stored text can hold.')
  }
  return [...new URLSearchParams(query)]
}

// URLSearchParams would read other bytes as U+FFFD and search for that.
function requireUtf8(query: string): void {
  try {
    decodeURIComponent(query)
  } catch (cause) {
    throw new AppError('invalid-request', 'The query has percent-encoded bytes that are not UTF-8.', { cause })
  }
}
