// Lists the project's own source files for the tests that guard the house.
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The root of the clone, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Paths of TypeScript sources below a folder of the project, relative to the root, generated files left out. */
export function sourceFiles(folder: string): readonly string[] {
  const found = globSync(`${folder}/**/*.{ts,tsx}`, {
    cwd: root,
    exclude: (name) => /node_modules|generated|dist/.test(name),
  })
  return found.map((path) => path.replaceAll('\\', '/')).sort()
}

/** Reads a file of the project. */
export function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8')
}

/** Import specifiers of a module: static, re-exported and dynamic with a literal; types included. */
export function importsOf(source: string): readonly string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const statements = code.matchAll(
    /(?:^|[;\s])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|[;\s])import\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm,
  )
  return [...statements].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}
