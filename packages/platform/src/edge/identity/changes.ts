// What every change of accounts and clients does in its own transaction: the audit row, and the end of what was given before.
import type { Caller } from '../../kernel/caller.ts'
import type { Audit, Events } from '../../kernel/ports.ts'
import type { Sql, Tx } from '../../kernel/sql.ts'
import { endArtifacts } from './provider/artifacts.ts'
import { revokedTopic } from './revoked.ts'

/** What changes need. */
export interface ChangeParts {
  readonly sql: Sql
  readonly events: Pick<Events, 'publish'>
  readonly audit: Pick<Audit, 'append'>
}

/** A change to be told. */
export interface ChangeNote {
  readonly by: Caller
  readonly action: 'C' | 'U' | 'D'
  /** e.g. `identity-user-change`. */
  readonly interaction: string
  /** e.g. `account/dr-chen`. */
  readonly entity: string
}

/** Puts a change into the audit trail. */
export function noteChange(tx: Tx, { audit }: Pick<ChangeParts, 'audit'>, note: ChangeNote): Promise<void> {
  const { by: caller, action, interaction, entity } = note
  return audit.append(tx, [{ caller, action, interaction, outcome: 'success', entities: [entity] }])
}

/** Ends the sessions, grants and tokens of an account, a client or one grant, and tells the gateways. */
export async function endTokens(
  tx: Tx,
  { events }: Pick<ChangeParts, 'events'>,
  kind: 'account' | 'client' | 'grant',
  id: string,
): Promise<void> {
  await endArtifacts(tx, kind, id)
  await events.publish(tx, [{ topic: revokedTopic, key: id, payload: { kind, id } }])
}
