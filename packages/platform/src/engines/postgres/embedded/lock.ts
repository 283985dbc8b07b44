// One server per data folder: a lock file naming the process that holds it, told from a later process with the same id.
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { ownIdentity, type ProcessIdentity, stillRuns } from './process-identity.ts'

/** The refusal of a folder that another living process holds. */
export class FolderHeld extends AppError {
  readonly holder: ProcessIdentity

  constructor(folder: string, holder: ProcessIdentity) {
    const words = `Another server (process ${holder.pid}) runs on ${folder}; stop it or choose another data folder (XINGLIN_DATA)`
    super('conflict', words)
    this.holder = holder
  }
}

interface Holding extends ProcessIdentity {
  /** Given back: whoever comes next may have it. */
  readonly isOver?: boolean
}

// Each holding has a number, one above the one before: `lock.json` (0), `lock-1.json`, … The highest one counts, and it stays
// when it is over, so that nobody who read an older one can ever take its place.
const lockName = /^lock(?:-(\d+))?\.json$/
const nameOf = (number: number): string => `lock-${number}.json`

async function numbersIn(folder: string): Promise<readonly { readonly name: string; readonly number: number }[]> {
  const names = await readdir(folder)
  return names.flatMap((name) => {
    const found = lockName.exec(name)
    return found === null ? [] : [{ name, number: Number(found[1] ?? 0) }]
  })
}

async function readHolding(path: string): Promise<Holding | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holding
  } catch {
    return undefined // gone, or cut off by a crash of the whole machine
  }
}

async function holderOf(folder: string, name: string): Promise<ProcessIdentity | undefined> {
  const holding = await readHolding(join(folder, name))
  return holding !== undefined && holding.isOver !== true && (await stillRuns(holding)) ? holding : undefined
}

// A file under its name is whole, and only one process can give that name.
async function take(folder: string, number: number, own: ProcessIdentity): Promise<boolean> {
  const fresh = join(folder, `lock.${process.pid}-${crypto.randomUUID()}.new`)
  await writeFile(fresh, JSON.stringify(own), { mode: 0o600, flag: 'wx' })
  try {
    await link(fresh, join(folder, nameOf(number)))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(fresh, { force: true })
  }
}

async function giveBack(folder: string, number: number, own: ProcessIdentity): Promise<void> {
  const path = join(folder, nameOf(number))
  await writeFile(`${path}.new`, JSON.stringify({ ...own, isOver: true } satisfies Holding), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/**
 * Takes the lock of a folder; one that a dead process left is taken over.
 * @returns a function that gives it back
 * @throws FolderHeld when a living process holds it
 */
export async function takeLock(folder: string): Promise<() => Promise<void>> {
  const own = await ownIdentity()
  for (;;) {
    const before = (await numbersIn(folder)).toSorted((a, b) => b.number - a.number)
    const [last] = before
    const holder = last === undefined ? undefined : await holderOf(folder, last.name)
    if (holder !== undefined) throw new FolderHeld(folder, holder)
    const number = (last?.number ?? 0) + 1
    if (!(await take(folder, number, own))) continue
    // Whoever read the names long ago may have given one that others have left behind.
    const isLast = (await numbersIn(folder)).every((one) => one.number <= number)
    if (isLast) {
      for (const { name } of before) await rm(join(folder, name), { force: true })
      return () => giveBack(folder, number, own)
    }
    await rm(join(folder, nameOf(number)), { force: true })
  }
}
