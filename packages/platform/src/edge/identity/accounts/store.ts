// SQL of accounts.
import type { Queryable, Tx } from '../../../kernel/sql.ts'
import type { Account, StoredAccount } from './account.ts'

interface AccountRow {
  readonly username: string
  readonly name: string
  readonly roles: Account['roles']
  readonly patient: string | null
  readonly actor: string | null
  readonly password: string
  readonly is_demo: boolean
  readonly is_enabled: boolean
  readonly version: number
  readonly created_at: Date
  readonly changed_at: Date
  readonly signed_in_at: Date | null
}

/** An account with the hash of its password. */
export interface AccountWithPassword {
  readonly account: StoredAccount
  readonly password: string
}

/** What of an account can be changed. */
export interface AccountChange extends Omit<Account, 'username'> {
  readonly isEnabled: boolean
}

const columns =
  'username, name, roles, patient, actor, password, is_demo, is_enabled, version, created_at, changed_at, signed_in_at'

function toAccount(row: AccountRow): StoredAccount {
  return {
    username: row.username,
    name: row.name,
    roles: row.roles,
    ...(row.patient === null ? {} : { patient: row.patient }),
    ...(row.actor === null ? {} : { actor: row.actor }),
    isDemo: row.is_demo,
    isEnabled: row.is_enabled,
    version: row.version,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    signedInAt: row.signed_in_at ?? undefined,
  }
}

/** Finds an account with its password's hash. */
export async function findAccount(sql: Queryable, username: string): Promise<AccountWithPassword | undefined> {
  const [row] = await sql.query<AccountRow>({
    name: 'identity.account',
    text: `SELECT ${columns} FROM identity.account WHERE username = $1`,
    values: [username],
  })
  return row === undefined ? undefined : { account: toAccount(row), password: row.password }
}

/** Finds an account and locks it until the transaction ends. */
export async function lockAccount(tx: Tx, username: string): Promise<StoredAccount | undefined> {
  const [row] = await tx.query<AccountRow>({
    text: `SELECT ${columns} FROM identity.account WHERE username = $1 FOR UPDATE`,
    values: [username],
  })
  return row === undefined ? undefined : toAccount(row)
}

/** Accounts by username, after one, whose username or name contains a text. */
export async function listAccounts(
  sql: Queryable,
  { query, after, limit }: { readonly query: string; readonly after: string; readonly limit: number },
): Promise<readonly StoredAccount[]> {
  const rows = await sql.query<AccountRow>({
    text: `SELECT ${columns} FROM identity.account
            WHERE username > $1 AND ($2 = '' OR strpos(lower(username || ' ' || name), lower($2)) > 0)
            ORDER BY username LIMIT $3`,
    values: [after, query, limit],
  })
  return rows.map(toAccount)
}

/** Adds an account; says whether the name was free. */
export async function insertAccount(
  sql: Queryable,
  { username, name, roles, patient, actor }: Account,
  { password, isDemo }: { readonly password: string; readonly isDemo: boolean },
): Promise<boolean> {
  const rows = await sql.query({
    text: `INSERT INTO identity.account (username, name, roles, patient, actor, password, is_demo)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (username) DO NOTHING RETURNING username`,
    values: [username, name, roles, patient ?? null, actor ?? null, password, isDemo],
  })
  return rows.length > 0
}

/** Changes an account. */
export async function updateAccount(tx: Tx, username: string, change: AccountChange): Promise<StoredAccount> {
  const { name, roles, patient, actor, isEnabled } = change
  const [row] = await tx.query<AccountRow>({
    text: `UPDATE identity.account
              SET name = $2, roles = $3, patient = $4, actor = $5, is_enabled = $6, version = version + 1, changed_at = now()
            WHERE username = $1 RETURNING ${columns}`,
    values: [username, name, roles, patient ?? null, actor ?? null, isEnabled],
  })
  if (row === undefined) throw new Error('A locked account was not there to be changed')
  return toAccount(row)
}

/** Sets a new password. */
export async function updatePassword(tx: Tx, username: string, password: string): Promise<void> {
  await tx.query({
    text: 'UPDATE identity.account SET password = $2, version = version + 1, changed_at = now() WHERE username = $1',
    values: [username, password],
  })
}

/** Notes a sign-in. */
export async function touchAccount(sql: Queryable, username: string): Promise<void> {
  await sql.query({
    text: 'UPDATE identity.account SET signed_in_at = now() WHERE username = $1',
    values: [username],
  })
}

/** Locks the enabled accounts with the role admin, so that two changes at once cannot remove the last one. */
export async function lockAdmins(tx: Tx): Promise<readonly string[]> {
  const rows = await tx.query<{ readonly username: string }>({
    text: `SELECT username FROM identity.account WHERE is_enabled AND NOT is_demo AND 'admin' = ANY(roles)
            ORDER BY username FOR UPDATE`,
  })
  return rows.map(({ username }) => username)
}
