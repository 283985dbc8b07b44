// What changes in our own modules when they are bundled: their files keep their places, their child programs become bundles too.
import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path/posix'
import type { Plugin } from 'esbuild'

/** Folder of all bundles below the root of the result; it lies among the packages, where the sealed child may read. */
export const bundleFolder = 'packages/platform/dist'

const childProgram = /new URL\(\s*'([^']+\.ts)'\s*,\s*import\.meta\.url\s*\)/g

/** The name of the bundle of a program, e.g. `engines-seal-seal-process`. */
export function bundleName(path: string): string {
  return path
    .replace(/^packages\/platform\/src\//, '')
    .replace(/\.ts$/, '')
    .replaceAll('/', '-')
}

/** Programs that a module starts in a process or thread of their own, relative to the root of the clone. */
export function programsStartedBy(path: string, source: string): readonly string[] {
  return [...source.matchAll(childProgram)].map(([, target = '']) => join(dirname(path), target))
}

/**
 * Lets `import.meta.url` of a module be the address of its source in the unpacked result, so that SQL, protocols, data
 * and models are found where they are in a clone; programs that it starts are told by the address of their bundle.
 */
export function withOwnPlace(path: string, source: string): string {
  return source
    .replace(childProgram, (_all, target: string) => {
      const bundle = `./${bundleName(join(dirname(path), target))}.js`
      return `new URL('${bundle}', import.meta.bundle)`
    })
    .replaceAll('import.meta.url', `new URL('${relative(bundleFolder, path)}', import.meta.bundle).href`)
    .replaceAll('import.meta.bundle', 'import.meta.url')
}

// Folders of a clone that an image does not carry; some commands need them.
const cloneOnly = /^(proofs|conformance|training)\//

function cloneOnlyModule(path: string): string {
  const command = path.split('/')[0]
  return `import { AppError } from '@xinglin/core/errors'
throw new AppError('unavailable', 'This command needs a clone of the project: ${command} is no part of an image')`
}

/** The esbuild plugin of this file; `root` is the folder of the clone, with no slash at the end. */
export function ownPlaces(root: string): Plugin {
  return {
    name: 'own-places',
    setup(build) {
      // They need not be there: a build in a container has no part in them.
      build.onResolve({ filter: /^\.\.\/.*\.ts$/ }, ({ path, resolveDir }) => {
        const own = relative(root, join(resolveDir, path))
        return cloneOnly.test(own) ? { path: own, namespace: 'clone-only', pluginData: resolveDir } : undefined
      })
      build.onLoad({ filter: /.*/, namespace: 'clone-only' }, ({ path, pluginData: resolveDir }) => {
        return { contents: cloneOnlyModule(path), loader: 'js', resolveDir }
      })
      build.onLoad({ filter: /\.tsx?$/ }, async ({ path: file }) => {
        const path = relative(root, file)
        if (path.startsWith('../') || path.includes('node_modules/')) return undefined
        return { contents: withOwnPlace(path, await readFile(file, 'utf8')), loader: 'ts' }
      })
    },
  }
}
