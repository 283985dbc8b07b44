// The table of contents of the suite.
import type { Chapter } from '../suite/check.ts'
import { access } from './access.ts'
import { batching } from './batch.ts'
import { conditional } from './conditional.ts'
import { creating } from './create.ts'
import { deleting } from './delete.ts'
import { errors } from './errors.ts'
import { everythingOfPatient } from './everything.ts'
import { histories } from './history.ts'
import { metadata } from './metadata.ts'
import { negotiation } from './negotiation.ts'
import { patching } from './patch.ts'
import { races } from './races.ts'
import { reading } from './read.ts'
import { searchChapters } from './search.ts'
import { transactions } from './transaction.ts'
import { updating } from './update.ts'
import { validating } from './validate.ts'
import { xinglin } from './xinglin.ts'

/** All chapters in the order in which they run. */
export const chapters: readonly Chapter[] = [
  metadata,
  reading,
  creating,
  updating,
  patching,
  deleting,
  conditional,
  histories,
  batching,
  transactions,
  validating,
  everythingOfPatient,
  ...searchChapters,
  negotiation,
  errors,
  races,
  access,
  xinglin,
]
