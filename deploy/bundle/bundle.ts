// Writes the product as an image carries it: our code and its pure packages as JavaScript bundles, native packages and data beside them.
import { readFile, rm } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'
import { copyCarried } from './carried.ts'
import { absentPackages, keptPackages } from './carried-packages.ts'
import { bundleFolder, bundleName, ownPlaces, programsStartedBy } from './own-places.ts'

/** The folder of the clone. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')

const main = 'packages/platform/src/cli/main.ts'
// Packages in CommonJS ask for Node's modules by `require`.
const banner =
  "import { createRequire as xinglinRequire } from 'node:module';const require = xinglinRequire(import.meta.url);"

/** What was written. */
export interface Bundled {
  readonly programs: readonly string[]
  readonly bytes: number
}

function bundle(programs: readonly string[], folder: string, write: boolean): Promise<{ readonly metafile: Metafile }> {
  return build({
    absWorkingDir: root,
    entryPoints: programs.map((path) => ({ in: path, out: bundleName(path) })),
    outdir: join(folder, bundleFolder),
    entryNames: '[name]',
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: write,
    minifyWhitespace: write,
    legalComments: 'linked',
    banner: { js: banner },
    external: [...keptPackages, ...absentPackages, ...builtinModules],
    plugins: [ownPlaces(root)],
    metafile: true,
    write,
    logLevel: 'error',
  })
}

// Programs are found by following what each module starts, until none is new: none can be forgotten.
async function findPrograms(folder: string): Promise<readonly string[]> {
  const programs = new Set<string>()
  const read = new Set<string>()
  for (let found: readonly string[] = [main]; found.length > 0; ) {
    for (const program of found) programs.add(program)
    const { metafile } = await bundle(found, folder, false)
    const own = Object.keys(metafile.inputs).filter((path) => path.startsWith('packages/') && path.endsWith('.ts'))
    const started = new Set<string>()
    for (const path of own.filter((one) => !read.has(one))) {
      read.add(path)
      for (const program of programsStartedBy(path, await readFile(join(root, path), 'utf8'))) started.add(program)
    }
    found = [...started].filter((program) => !programs.has(program))
  }
  return [...programs].sort()
}

/** Writes the bundles alone: every program with what it imports. */
export async function writePrograms(folder: string): Promise<Bundled> {
  const programs = await findPrograms(folder)
  const { metafile } = await bundle(programs, folder, true)
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
  return { programs, bytes }
}

/**
 * Writes everything into a folder, whose former content goes.
 * @param withDatabase also carries the embedded PostgreSQL of this machine's kind
 */
export async function writeBundle(folder: string, withDatabase: boolean): Promise<Bundled> {
  await rm(folder, { recursive: true, force: true })
  const bundled = await writePrograms(folder)
  await copyCarried({ root, folder, withDatabase })
  return bundled
}

if (import.meta.main) {
  const [folder = '', option] = process.argv.slice(2)
  if (folder === '') {
    process.stderr.write('Usage: node deploy/bundle/bundle.ts FOLDER [--without-database]\n')
    process.exit(2)
  }
  const { programs, bytes } = await writeBundle(folder, option !== '--without-database')
  process.stdout.write(`${programs.length} programs, ${(bytes / 1e6).toFixed(1)} MB of JavaScript in ${folder}\n`)
}
