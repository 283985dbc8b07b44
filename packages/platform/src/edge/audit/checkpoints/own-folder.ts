// Refuses to go on signing a trail from a folder that is not the trail's own: a second or a lost data folder on one database.
import { AppError } from '@xinglin/core/errors'
import { isSigned } from './checkpoint.ts'
import { checkpointFileEnd } from './checkpoint-file.ts'
import { type CheckpointTools, lastStored } from './write-checkpoint.ts'

/**
 * Looks whether the database has checkpoints that another key signed while the folder has none at all: then its own
 * folder lies elsewhere, and signing on with a new key would look like an attack ever after.
 * @throws AppError 'conflict' that says what to do, unless `acceptsNewKey`
 */
export async function requireOwnFolder(
  { sql, log, folder, keys }: Pick<CheckpointTools, 'sql' | 'log' | 'folder' | 'keys'>,
  acceptsNewKey: boolean,
): Promise<void> {
  const stored = await lastStored(sql)
  if (stored === undefined || isSigned(stored, keys.publicKey)) return
  if ((await checkpointFileEnd(folder)).completeBytes > 0) return // its own file: verification tells what is wrong
  if (acceptsNewKey) {
    log.error('audit.key.new', { keyId: stored.keyId, number: stored.number })
    return
  }
  throw new AppError(
    'conflict',
    `The audit trail of this database was signed with a key that is not in ${folder}. Start with the data folder that it ` +
      'belongs to, or put its folder "audit" back from a backup. Only if it is lost for good, set AUDIT_ACCEPT_NEW_KEY=true ' +
      'once: what the old key signed can then no longer be verified',
  )
}
