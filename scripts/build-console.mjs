// Builds the web console when its sources changed: a hash of all that goes in is kept beside what came out.
import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const consoleFolder = join(root, 'packages/console')
const distFolder = join(consoleFolder, 'dist')
const turnFile = join(consoleFolder, '.building')
const turnLimitMs = 120_000
const compressible = /\.(?:js|css|html|svg)$/
const minCompressedBytes = 1024

async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

// Tests change nothing in what is built; the versions of packages do, and stand in the console's package.json.
async function hashOfSources() {
  const inside = [
    ...(await filesBelow(join(consoleFolder, 'src'))),
    ...(await filesBelow(join(consoleFolder, 'public'))),
  ]
  const single = ['index.html', 'vite.config.ts', 'package.json', 'tsconfig.json'].map((name) =>
    join(consoleFolder, name),
  )
  const files = [
    ...inside.filter((file) => !/\.test\.tsx?$/.test(file)),
    ...single,
    fileURLToPath(import.meta.url),
  ].sort()
  const hash = createHash('sha256')
  for (const file of files) {
    hash.update(`${relative(root, file).replaceAll('\\', '/')}\0`)
    hash.update(await readFile(file))
    hash.update('\0')
  }
  return hash.digest('hex')
}

async function stampOf(folder) {
  try {
    return await readFile(join(folder, '.stamp'), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

async function compressAll(folder) {
  const files = (await filesBelow(folder)).filter((file) => compressible.test(file))
  await Promise.all(
    files.map(async (file) => {
      const body = await readFile(file)
      if (body.length < minCompressedBytes) return
      const quality = {
        params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
      }
      const [br, gz] = await Promise.all([
        promisify(brotliCompress)(body, quality),
        promisify(gzip)(body, { level: 9 }),
      ])
      await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)])
    }),
  )
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

// One build at a time: two systems that start at once would replace each other's half-written folders.
async function takeTurn() {
  const until = Date.now() + turnLimitMs
  for (;;) {
    const taken = await writeFile(turnFile, String(process.pid), { flag: 'wx' }).then(
      () => true,
      (error) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    if (taken) return
    const holder = Number(await readFile(turnFile, 'utf8').catch(() => '0'))
    // A file without a number was created a moment ago; one of a dead process was left behind.
    if (Date.now() > until || (holder !== 0 && !isAlive(holder))) await rm(turnFile, { force: true })
    else await delay(50)
  }
}

// What an interrupted build left behind; whoever has the turn builds alone.
async function removeLeftovers() {
  const names = (await readdir(consoleFolder)).filter((name) => /^\.(?:dist|old)-\d+$/.test(name))
  await Promise.all(names.map((name) => rm(join(consoleFolder, name), { recursive: true, force: true })))
}

async function buildFresh(wanted) {
  const { build } = await import('vite')
  await removeLeftovers()
  const fresh = join(consoleFolder, `.dist-${process.pid}`)
  const old = join(consoleFolder, `.old-${process.pid}`)
  try {
    await build({
      configFile: join(consoleFolder, 'vite.config.ts'),
      configLoader: 'native',
      logLevel: 'error',
      build: { outDir: fresh, emptyOutDir: true },
    })
    await compressAll(fresh)
    await writeFile(join(fresh, '.stamp'), wanted)
    // Built beside and moved in place: a build that fails or is interrupted leaves the old console as it was.
    await rename(distFolder, old).catch((error) => {
      if (error.code !== 'ENOENT') throw error
    })
    await rename(fresh, distFolder)
  } finally {
    await Promise.all([fresh, old].map((folder) => rm(folder, { recursive: true, force: true })))
  }
}

/** Whether the dist folder holds what the sources would give. */
export async function isConsoleCurrent() {
  return (await hashOfSources()) === (await stampOf(distFolder))
}

/**
 * Builds packages/console into its dist folder when a source changed since the last build (or `force` is set).
 * `onBuild` is called before a build that takes seconds.
 */
export async function buildConsole({ force = false, onBuild = () => {} } = {}) {
  const startedAt = performance.now()
  const done = (built, reason) => ({ built, reason, elapsedMs: performance.now() - startedAt, folder: distFolder })
  const upToDate = 'the sources have not changed'
  const wanted = await hashOfSources()
  if (!force && wanted === (await stampOf(distFolder))) return done(false, upToDate)
  await takeTurn()
  try {
    const present = await stampOf(distFolder)
    if (!force && wanted === present) return done(false, upToDate)
    onBuild()
    await buildFresh(wanted)
    const why = present === undefined ? 'it was not built before' : 'its sources changed'
    return done(true, force && wanted === present ? 'it was asked for' : why)
  } finally {
    await rm(turnFile, { force: true })
  }
}

if (import.meta.main) {
  const { built, reason, elapsedMs } = await buildConsole({
    force: process.argv.includes('--force'),
    onBuild: () => process.stdout.write('Building the web console …\n'),
  })
  process.stdout.write(`Console ${built ? 'built' : 'up to date'} in ${Math.round(elapsedMs)} ms: ${reason}.\n`)
}
