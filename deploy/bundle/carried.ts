// What lies beside the bundles: SQL, protocols, data, models, the built console, and packages that cannot be bundled.
import { cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path/posix'
import { copyPackages } from './carried-packages.ts'

// Files that our modules read beside themselves.
const besideModules = /\.(sql|proto)$/
const wholeFolders = ['data', 'models', 'packages/console/dist']

/** Where from, where to. */
export interface Carried {
  readonly root: string
  readonly folder: string
  /** Whether the embedded PostgreSQL of this machine's kind is carried too. */
  readonly withDatabase: boolean
}

async function copyInto({ root, folder }: Carried, path: string): Promise<void> {
  await mkdir(join(folder, dirname(path)), { recursive: true })
  await cp(join(root, path), join(folder, path), { recursive: true })
}

async function copyBesideModules(carried: Carried): Promise<void> {
  const source = 'packages/platform/src'
  const names = await readdir(join(carried.root, source), { recursive: true })
  const wanted = names.filter((name) => besideModules.test(name) && !/under-test|\.test\./.test(name))
  for (const name of wanted) await copyInto(carried, join(source, name))
}

/**
 * Copies everything that the bundles read at run time, in the places that it has in a clone.
 * @throws Error when the console is not built
 */
export async function copyCarried(carried: Carried): Promise<void> {
  const console = join(carried.root, 'packages/console/dist/index.html')
  await stat(console).catch(() => {
    throw new Error('The console is not built; run first: npx xinglin build')
  })
  await copyBesideModules(carried)
  for (const path of [...wholeFolders, 'LICENSE']) await copyInto(carried, path)
  await copyPackages(carried)
  await writeFile(join(carried.folder, 'package.json'), '{ "name": "xinglin", "private": true, "type": "module" }\n')
}
