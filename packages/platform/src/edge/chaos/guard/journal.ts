// What a guard still has to take back, on disk before it is done: when the guard itself is killed, a rescue finds it.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { advertise } from '../registrations/registrations.ts'
import type { Journal } from './orders.ts'

const name = /^guard-(\d+)\.json$/

/** Writes a journal whole; an empty one is removed. */
export async function writeJournal(folder: string, journal: Journal): Promise<void> {
  const file = join(folder, `guard-${journal.pid}.json`)
  if (journal.led.length === 0 && journal.frozen.length === 0) return rm(file, { force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(`${file}.new`, JSON.stringify(journal), { mode: 0o600 })
  await rename(`${file}.new`, file)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // there is no such process, or it is another user's
  }
}

/** Signals a process; one that has ended meanwhile is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Lets stopped processes go on. */
export function thaw(pids: readonly number[]): void {
  for (const pid of pids) signal(pid, 'SIGCONT')
}

/** Takes back what is in a journal; returns what could not be. */
export async function takeBack({ led, frozen }: Journal): Promise<readonly string[]> {
  thaw(frozen)
  const failures = await Promise.all(
    led.map(({ registry, instance }) =>
      advertise(registry, instance).then(
        () => [],
        (error: unknown) => [`${instance.service} ${instance.id}: ${error instanceof Error ? error.message : error}`],
      ),
    ),
  )
  return failures.flat()
}

/** Takes back what guards that were killed have left in this folder; returns one line for each. */
export async function rescue(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => name.test(file))
  const lines: string[] = []
  for (const file of files) {
    const journal = JSON.parse(await readFile(join(folder, file), 'utf8')) as Journal
    if (isAlive(journal.pid)) continue
    const failures = await takeBack(journal)
    if (failures.length === 0) await rm(join(folder, file), { force: true })
    lines.push(
      `${journal.led.length} addresses put back, ${journal.frozen.length} processes let go on${failures.map((line) => `; not done: ${line}`).join('')}`,
    )
  }
  return lines
}
