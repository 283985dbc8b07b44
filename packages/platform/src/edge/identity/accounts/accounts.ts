// The accounts of a system: added, changed, disabled; whatever is taken away ends the person's tokens and sessions.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../../kernel/caller.ts'
import type { Tx } from '../../../kernel/sql.ts'
import { type ChangeParts, endTokens, noteChange } from '../changes.ts'
import { type Account, demandAccount, demandPassword, type StoredAccount } from './account.ts'
import { hashPassword } from './passwords.ts'
import {
  type AccountChange,
  findAccount,
  insertAccount,
  listAccounts,
  lockAccount,
  lockAdmins,
  updateAccount,
  updatePassword,
} from './store.ts'

/** The accounts. */
export interface Accounts {
  list(page: {
    readonly query: string
    readonly after: string
    readonly limit: number
  }): Promise<readonly StoredAccount[]>
  find(username: string): Promise<StoredAccount>
  add(by: Caller, account: Account, password: string): Promise<StoredAccount>
  /** @throws AppError 'precondition-failed' when the version is not the expected one */
  change(by: Caller, username: string, change: AccountChange, expectedVersion?: number): Promise<StoredAccount>
  setPassword(by: Caller, username: string, password: string): Promise<void>
}

const lacking = (): AppError => new AppError('not-found', 'There is no account of this name')

async function keepAnAdmin(tx: Tx, before: StoredAccount, after: AccountChange): Promise<void> {
  const wasAdmin = before.isEnabled && before.roles.includes('admin')
  if (!wasAdmin || before.isDemo || (after.isEnabled && after.roles.includes('admin'))) return
  const admins = await lockAdmins(tx)
  if (admins.some((username) => username !== before.username)) return
  throw new AppError('conflict', 'This is the last administrator: make somebody else one first')
}

/** Creates the accounts on the database. */
export function createAccounts(parts: ChangeParts): Accounts {
  const { sql } = parts
  const find = async (username: string): Promise<StoredAccount> => {
    const found = await findAccount(sql, username)
    if (found === undefined) throw lacking()
    return found.account
  }
  return {
    list: (page) => listAccounts(sql, page),
    find,
    async add(by, account, given) {
      demandAccount(account)
      demandPassword(given, account.username)
      const password = await hashPassword(given)
      const entity = `account/${account.username}`
      await sql.transaction(async (tx) => {
        const isAdded = await insertAccount(tx, account, { password, isDemo: false })
        if (!isAdded) throw new AppError('conflict', 'There is an account of this name already')
        await noteChange(tx, parts, { by, action: 'C', interaction: 'identity-user-add', entity })
      })
      return find(account.username)
    },
    async change(by, username, change, expectedVersion) {
      demandAccount({ username, ...change })
      return sql.transaction(async (tx) => {
        const before = await lockAccount(tx, username)
        if (before === undefined) throw lacking()
        if (expectedVersion !== undefined && expectedVersion !== before.version) {
          throw new AppError('precondition-failed', 'The account has changed since it was read; read it again')
        }
        await keepAnAdmin(tx, before, change)
        await endTokens(tx, parts, 'account', username)
        await noteChange(tx, parts, {
          by,
          action: 'U',
          interaction: 'identity-user-change',
          entity: `account/${username}`,
        })
        return updateAccount(tx, username, change)
      })
    },
    async setPassword(by, username, given) {
      demandPassword(given, username)
      const password = await hashPassword(given)
      await sql.transaction(async (tx) => {
        if ((await lockAccount(tx, username)) === undefined) throw lacking()
        await updatePassword(tx, username, password)
        await endTokens(tx, parts, 'account', username)
        const entity = `account/${username}`
        await noteChange(tx, parts, { by, action: 'U', interaction: 'identity-user-password', entity })
      })
    },
  }
}
