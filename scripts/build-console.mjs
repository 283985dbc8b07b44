// Builds the web console when its sources changed: a hash of all that goes in is kept beside what came out.
import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const consoleFolder = join(root, 'packages/console')
const distFolder = join(consoleFolder, 'dist')
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

/** Builds packages/console into its dist folder when a source changed since the last build (or `force` is set). */
export async function buildConsole({ force = false } = {}) {
  const startedAt = performance.now()
  const done = (built, reason) => ({ built, reason, elapsedMs: performance.now() - startedAt, folder: distFolder })
  const [wanted, present] = await Promise.all([hashOfSources(), stampOf(distFolder)])
  if (!force && wanted === present) return done(false, 'the sources have not changed')
  const { build } = await import('vite')
  // Built beside and moved in place: a build that fails or is interrupted leaves the old console as it was.
  const fresh = join(consoleFolder, `.dist-${process.pid}`)
  try {
    await build({
      configFile: join(consoleFolder, 'vite.config.ts'),
      configLoader: 'native',
      logLevel: 'error',
      build: { outDir: fresh, emptyOutDir: true },
    })
    await compressAll(fresh)
    await writeFile(join(fresh, '.stamp'), wanted)
    await rm(distFolder, { recursive: true, force: true })
    await rename(fresh, distFolder)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return done(true, present === undefined ? 'it was not built before' : 'its sources changed')
}

if (import.meta.main) {
  const { built, reason, elapsedMs } = await buildConsole({ force: process.argv.includes('--force') })
  process.stdout.write(`Console ${built ? 'built' : 'up to date'} in ${Math.round(elapsedMs)} ms: ${reason}.\n`)
}
