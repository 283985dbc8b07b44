// SQL of accounts and sessions.
import type { Queryable, Sql } from '../../../kernel/sql.ts'
import { gatewayChannel } from '../kong/store.ts'
import type { Persona } from './personas.ts'

/** An account that can sign in. */
export interface Account extends Persona {
  readonly password: string
  readonly isDemo: boolean
}

/** An open session with its account. */
export interface OpenSession {
  readonly account: Account
  readonly seenAt: Date
  readonly expiresAt: Date
}

interface AccountRow {
  readonly username: string
  readonly name: string
  readonly roles: Account['roles']
  readonly patient: string | null
  readonly actor: string | null
  readonly password: string
  readonly is_demo: boolean
}

interface SessionRow extends AccountRow {
  readonly seen_at: Date
  readonly expires_at: Date
}

const accountColumns = 'a.username, a.name, a.roles, a.patient, a.actor, a.password, a.is_demo'

function toAccount(row: AccountRow): Account {
  const { username, name, roles, patient, actor, password } = row
  return {
    username,
    name,
    roles,
    password,
    isDemo: row.is_demo,
    ...(patient === null ? {} : { patient }),
    ...(actor === null ? {} : { actor }),
  }
}

/** Finds an account. */
export async function findAccount(sql: Queryable, username: string): Promise<Account | undefined> {
  const [row] = await sql.query<AccountRow>({
    text: `SELECT ${accountColumns} FROM gateway.account a WHERE a.username = $1`,
    values: [username],
  })
  return row === undefined ? undefined : toAccount(row)
}

/** The usernames of all demo accounts. */
export async function demoUsernames(sql: Queryable): Promise<ReadonlySet<string>> {
  const rows = await sql.query<{ username: string }>({ text: 'SELECT username FROM gateway.account WHERE is_demo' })
  return new Set(rows.map(({ username }) => username))
}

/** Adds an account; one that is there stays. */
export async function addAccount(sql: Queryable, account: Account): Promise<void> {
  const { username, name, roles, patient, actor, password, isDemo } = account
  await sql.query({
    text: `INSERT INTO gateway.account (username, name, roles, patient, actor, password, is_demo)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (username) DO NOTHING`,
    values: [username, name, roles, patient ?? null, actor ?? null, password, isDemo],
  })
}

/** Keeps who signed in at the identity service; a demo account stays as it is beside another demo sign-in. */
export async function putAccount(sql: Queryable, account: Account): Promise<void> {
  const { username, name, roles, patient, actor, password, isDemo } = account
  await sql.query({
    text: `INSERT INTO gateway.account (username, name, roles, patient, actor, password, is_demo)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (username) DO UPDATE
              SET name = excluded.name, roles = excluded.roles, patient = excluded.patient, actor = excluded.actor,
                  password = excluded.password, is_demo = excluded.is_demo
            WHERE NOT (account.is_demo AND excluded.is_demo)`,
    values: [username, name, roles, patient ?? null, actor ?? null, password, isDemo],
  })
}

/** Opens a session. */
export async function addSession(sql: Queryable, idHash: Buffer, username: string, expiresAt: Date): Promise<void> {
  await sql.query({
    text: 'INSERT INTO gateway.session (id_hash, username, expires_at) VALUES ($1, $2, $3)',
    values: [idHash, username, expiresAt],
  })
}

/** Finds a session that is neither expired nor idle for longer than allowed. */
export async function findSession(
  sql: Queryable,
  idHash: Buffer,
  idleMinutes: number,
): Promise<OpenSession | undefined> {
  const [row] = await sql.query<SessionRow>({
    name: 'gateway.session',
    text: `SELECT ${accountColumns}, s.seen_at, s.expires_at
             FROM gateway.session s JOIN gateway.account a USING (username)
            WHERE s.id_hash = $1 AND s.expires_at > now() AND s.seen_at > now() - make_interval(mins => $2::int)`,
    values: [idHash, idleMinutes],
  })
  return row === undefined ? undefined : { account: toAccount(row), seenAt: row.seen_at, expiresAt: row.expires_at }
}

/** Notes that a session is in use. */
export async function touchSession(sql: Queryable, idHash: Buffer): Promise<void> {
  await sql.query({ text: 'UPDATE gateway.session SET seen_at = now() WHERE id_hash = $1', values: [idHash] })
}

/** Ends a session everywhere. */
export async function removeSession(sql: Sql, idHash: Buffer): Promise<void> {
  await sql.transaction(async (tx) => {
    await tx.query({ text: 'DELETE FROM gateway.session WHERE id_hash = $1', values: [idHash] })
    await tx.query({ text: 'SELECT pg_notify($1, $2)', values: [gatewayChannel, `session:${idHash.toString('hex')}`] })
  })
}

/** Removes sessions that are over. */
export async function pruneSessions(sql: Queryable, idleMinutes: number): Promise<void> {
  await sql.query({
    text: 'DELETE FROM gateway.session WHERE expires_at < now() OR seen_at < now() - make_interval(mins => $1::int)',
    values: [idleMinutes],
  })
}
