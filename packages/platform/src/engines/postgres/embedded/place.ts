// Where the cluster and its programs live: in the data folder wherever the account can reach it, else where it can.
import { chmod, chown, mkdir, mkdtemp, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import type { Logger } from '../../../kernel/ports.ts'
import { type Account, accountName, canReach } from './account.ts'
import { completePrograms, copyPrograms, type Programs } from './programs.ts'

/** The folders of one cluster. */
export interface Place {
  /** Ours: password, lock, log and record; 0700 or, for another account to pass, 0711. */
  readonly home: string
  /** PGDATA's parent: owned by the account, 0700. */
  readonly clusterFolder: string
  readonly programs: Programs
  /** The account to run as; undefined: that of this process. */
  readonly account: Account | undefined
}

interface PlaceRecord {
  /** The cluster's folder when it is not in the data folder. */
  readonly elsewhere?: string
  /** Who PostgreSQL runs as, so that it stays the same when accounts come and go. */
  readonly account?: Account
  /** User id that ran it; -1 where the system has none. */
  readonly userId: number
}

const recordName = 'place.json'
const ownUserId = (): number => process.getuid?.() ?? -1

async function readRecord(home: string): Promise<PlaceRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(home, recordName), 'utf8')) as PlaceRecord
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    const owner = await accountName((await stat(home)).uid)
    throw foreignFolder(home, owner, error)
  }
}

function foreignFolder(home: string, owner: string, cause?: unknown): AppError {
  return new AppError(
    'conflict',
    `The data in ${home} was last run as ${owner}. Start as ${owner} again, or use another data folder (XINGLIN_DATA); to move the data, back it up as ${owner} and restore it there`,
    { cause },
  )
}

async function writeRecord(home: string, record: PlaceRecord): Promise<void> {
  const path = join(home, recordName)
  await writeFile(`${path}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** A folder for what must not lie under closed parents; kept over restarts where the system has such a place. */
async function reachableBase(account: Account | undefined): Promise<string> {
  const candidates = ['/var/lib/xinglin', '/var/tmp/xinglin', join(tmpdir(), 'xinglin')]
  for (const folder of candidates) {
    const made = await mkdir(folder, { recursive: true, mode: 0o711 }).then(
      () => canReach(account, folder),
      () => false,
    )
    if (made && (await stat(folder)).uid === ownUserId()) return realpath(folder)
  }
  throw new AppError('unavailable', `None of ${candidates.join(', ')} can be used for PostgreSQL; set DATABASE_URL`)
}

async function makeHome(dataFolder: string, account: Account | undefined): Promise<string> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const home = join(await realpath(dataFolder), 'postgres')
  await mkdir(home, { recursive: true, mode: 0o700 })
  if (account === undefined) return home
  // Only the right to pass, not to list or read, for the account that runs PostgreSQL.
  for (const folder of [dataFolder, home]) await chmod(folder, ((await stat(folder)).mode & 0o777) | 0o011)
  return home
}

async function newRecord(home: string, account: Account | undefined, log: Logger): Promise<PlaceRecord> {
  const record = { userId: ownUserId(), ...(account === undefined ? {} : { account }) }
  if (await canReach(account, home)) return record
  const elsewhere = await mkdtemp(join(await reachableBase(account), 'cluster-'))
  log.warn('postgres.data.placed-elsewhere', { folder: elsewhere, reason: `${account?.name} cannot reach ${home}` })
  return { ...record, elsewhere }
}

async function reachablePrograms(
  home: string,
  account: Account | undefined,
  programs: Programs,
  log: Logger,
): Promise<Programs> {
  const isComplete = await completePrograms(programs)
  if (isComplete && (await canReach(account, join(programs.folder, 'bin')))) return programs
  const target = (await canReach(account, home)) ? home : await reachableBase(account)
  const copy = await copyPrograms(programs, target)
  log.info('postgres.programs.placed-elsewhere', { folder: copy.folder })
  return copy
}

async function openClusterFolder(home: string, record: PlaceRecord, isNew: boolean): Promise<string> {
  const folder = record.elsewhere ?? join(home, 'cluster')
  if (!isNew && record.elsewhere !== undefined) {
    await stat(folder).catch((cause: unknown) => {
      const message = `The database of ${home} was kept in ${folder}, which is gone; bring it back, or restore a backup into a new data folder`
      throw new AppError('unavailable', message, { cause })
    })
  }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (record.account !== undefined) await chown(folder, record.account.uid, record.account.gid)
  return folder
}

/**
 * Makes our part of the data folder, where it is missing.
 * @throws AppError when the folder was last run as another user
 */
export async function openHome(dataFolder: string, wanted: Account | undefined): Promise<string> {
  const home = await makeHome(dataFolder, wanted).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error
    const owner = await stat(dataFolder).then(
      ({ uid }) => accountName(uid),
      () => 'another user',
    )
    throw foreignFolder(dataFolder, owner, error)
  })
  const known = await readRecord(home)
  if (known !== undefined && known.userId !== ownUserId()) throw foreignFolder(home, await accountName(known.userId))
  return home
}

/**
 * Decides and records where the cluster lives; whoever calls it holds the lock of `home`.
 * @throws AppError when nothing is reachable
 */
export async function choosePlace(
  home: string,
  wanted: Account | undefined,
  found: Programs,
  log: Logger,
): Promise<Place> {
  const known = await readRecord(home)
  const record = known ?? (await newRecord(home, wanted, log))
  const clusterFolder = await openClusterFolder(home, record, known === undefined)
  if (known === undefined) await writeRecord(home, record)
  const { account } = record
  return { home, clusterFolder, account, programs: await reachablePrograms(home, account, found, log) }
}
