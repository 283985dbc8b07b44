// One run of the PostgreSQL server: started by us or adopted from a server of ours that was killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, readFile, readlink, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { childOptions, dataOf, serverArguments } from './cluster.ts'
import type { Place } from './place.ts'
import { isAlive } from './process-identity.ts'

/** A running server. */
export interface ServerProcess {
  readonly pid: number
  readonly port: number
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
}

const startLimitMs = 120_000
const pollMs = 10
const maxLogBytes = 10 * 1024 * 1024

interface PidFile {
  readonly pid: number
  readonly port: number
  readonly isReady: boolean
}

// Lines of postmaster.pid: pid, data folder, start time, port, socket folder, address, shared memory, status.
async function readPidFile(place: Place): Promise<PidFile | undefined> {
  const text = await readFile(join(dataOf(place), 'postmaster.pid'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const lines = text.split('\n')
  return { pid: Number(lines[0]), port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' }
}

// A process id is used again after a reboot or in another container; only a postgres in our folder is the one meant.
async function isServerOf(place: Place, pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false
  if (process.platform !== 'linux') return true
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
  if (!name.startsWith('postgres')) return false
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
  return folder === undefined || folder === dataOf(place)
}

async function whenGone(pid: number): Promise<void> {
  while (isAlive(pid)) await delay(100)
}

async function logTail(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).slice(-1000)
}

async function openLog(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size > maxLogBytes) await truncate(path)
  return open(path, 'a', 0o600)
}

async function waitUntilReady(place: Place, child: ChildProcess, logPath: string): Promise<void> {
  const until = Date.now() + startLimitMs
  while (Date.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new AppError(
        'unavailable',
        `PostgreSQL stopped while starting; ${logPath} ends with:\n${await logTail(logPath)}`,
      )
    }
    const file = await readPidFile(place)
    if (file?.pid === child.pid && file?.isReady) return
    await delay(pollMs)
  }
  child.kill('SIGQUIT')
  throw new AppError('timeout', `PostgreSQL was not ready after ${startLimitMs / 1000} s; see ${logPath}`)
}

function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false // it ended by itself meanwhile
  }
}

// Children of a killed server that are busy notice its end late, and until then no new one can have the folder.
// Ending them loses nothing: their transactions were never committed, and the restart recovers from the log.
async function endOrphans(place: Place): Promise<void> {
  if (process.platform !== 'linux') return
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  for (const pid of pids) {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
    if (folder !== dataOf(place) || !(await isServerOf(place, pid))) continue
    signalProcess(pid, 'SIGKILL')
  }
}

async function clearCrash(place: Place): Promise<void> {
  const left = await readPidFile(place)
  if (left === undefined || (await isServerOf(place, left.pid))) return
  await endOrphans(place)
  await rm(join(dataOf(place), 'postmaster.pid'), { force: true })
}

/**
 * Starts the server and waits until it takes connections.
 * @throws AppError when it stops at once (port taken, broken folder); the end of its log is in the message
 */
export async function startServer(
  place: Place,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  await clearCrash(place)
  const logPath = join(place.home, 'server.log')
  const logFile = await openLog(logPath)
  // Its own session: Ctrl-C stops Xinglin, and Xinglin then stops PostgreSQL, in this order.
  const child = spawn(place.programs.postgres, serverArguments(place, port, settings), {
    ...childOptions(place.account),
    cwd: place.clusterFolder,
    stdio: ['ignore', logFile.fd, logFile.fd],
    detached: true,
  })
  const failed = once(child, 'error').then(([error]) => {
    throw new AppError('unavailable', `PostgreSQL cannot be run: ${place.programs.postgres}`, { cause: error })
  })
  const ended = once(child, 'exit').then(() => undefined)
  try {
    await Promise.race([waitUntilReady(place, child, logPath), failed])
  } finally {
    await logFile.close()
  }
  return { pid: child.pid ?? 0, port, ended }
}

/** Finds the server that a killed run of ours left behind, once it is ready; undefined when there is none. */
export async function adoptServer(place: Place): Promise<ServerProcess | undefined> {
  const until = Date.now() + startLimitMs
  while (Date.now() < until) {
    const file = await readPidFile(place)
    if (file === undefined || !(await isServerOf(place, file.pid))) return undefined
    if (file.isReady) return { pid: file.pid, port: file.port, ended: whenGone(file.pid) }
    await delay(pollMs)
  }
  return undefined
}

const fastLimitMs = 10_000

/** Stops a server: fast first (connections are cut, data flushed), at once when that takes too long. */
export async function stopServer(server: ServerProcess): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!isAlive(server.pid) || !signalProcess(server.pid, signal)) break
    const timer = new AbortController()
    const stopped = await Promise.race([
      server.ended.then(() => true),
      delay(fastLimitMs, false, { signal: timer.signal }).catch(() => false),
    ])
    timer.abort()
    if (stopped) break
  }
}
