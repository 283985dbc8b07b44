// The chapters on search, in the order of the standard's page.
import type { Chapter } from '../suite/check.ts'
import { searchChains } from './search-chain.ts'
import { searchDates } from './search-date.ts'
import { searchIncludes } from './search-include.ts'
import { searchNumbers } from './search-number.ts'
import { searchOrder } from './search-order.ts'
import { searchPlaces } from './search-place.ts'
import { searchReferences } from './search-reference.ts'
import { searchResults } from './search-result.ts'
import { searchStrings } from './search-string.ts'
import { searchTokens } from './search-token.ts'

/** All of them. */
export const searchChapters: readonly Chapter[] = [
  searchStrings,
  searchTokens,
  searchReferences,
  searchDates,
  searchNumbers,
  searchChains,
  searchIncludes,
  searchOrder,
  searchResults,
  searchPlaces,
]
