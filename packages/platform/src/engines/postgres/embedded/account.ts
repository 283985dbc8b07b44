// The account PostgreSQL runs as: it refuses root, so root lends it `postgres` or `nobody`; and what that account can reach.
import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** An account of the system; undefined everywhere below means: the account of this process. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const lastResort: Account = { name: 'nobody', uid: 65534, gid: 65534 }

async function accounts(): Promise<readonly Account[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
}

/** The account that PostgreSQL must run as, or undefined when that is the account of this process. */
export async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const known = await accounts()
  return known.find(({ name }) => name === 'postgres') ?? known.find(({ name }) => name === 'nobody') ?? lastResort
}

/** The name of a user id, or the number itself. */
export async function accountName(uid: number): Promise<string> {
  return (await accounts()).find((account) => account.uid === uid)?.name ?? `uid ${uid}`
}

/** Says whether the account may walk through `folder` and all folders above it. */
export async function canReach(account: Account | undefined, folder: string): Promise<boolean> {
  if (account === undefined) return true
  const path = resolve(folder)
  const { mode, uid, gid } = await stat(path)
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
  if ((mode & bit) === 0) return false
  const parent = dirname(path)
  return parent === path ? true : canReach(account, parent)
}
