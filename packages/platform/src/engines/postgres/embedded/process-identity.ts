// Tells a process from a later one with the same id: ids come again after a reboot and in every container.
import { readFile } from 'node:fs/promises'

/** A process as it is written down. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time of the process in clock ticks, where the system tells it (Linux). */
  readonly startedAt?: string
}

/** Says whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

// Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces, so count from its closing bracket.
async function startTime(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}

/** The identity of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const startedAt = await startTime(process.pid)
  return { pid: process.pid, ...(startedAt === undefined ? {} : { startedAt }) }
}

/** Says whether the very process that was written down still runs. */
export async function stillRuns({ pid, startedAt }: ProcessIdentity): Promise<boolean> {
  if (!isAlive(pid)) return false
  const now = await startTime(pid)
  return startedAt === undefined || now === undefined || startedAt === now
}
