// Keeps the pharmacy's knowledge of medicines with the active version of the database, in every process that writes.
import type { MedicinesHolder } from '../clinical/pharmacy/index.ts'
import { editedMedicines, knowledgeChannel } from '../clinical/triage/index.ts'
import type { Logger } from '../kernel/ports.ts'
import type { Sql } from '../kernel/sql.ts'

/** Loads the active version and follows activations; returns what ends it. */
export async function followMedicines(sql: Sql, medicines: MedicinesHolder, log: Logger): Promise<() => Promise<void>> {
  const load = async (): Promise<void> => medicines.replace(await editedMedicines(sql))
  await load()
  return sql.listen(knowledgeChannel, () => {
    load().catch((error: unknown) => log.error('medicines.load.failed', { error }))
  })
}
