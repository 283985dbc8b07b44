// `npm test`: installs what the tests need, then checks types, style and every test file.
// Arguments are test files or folders; without any, everything runs.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, findNode, requireNode20, root, runTypeScript } from './bootstrap.mjs'

requireNode20()
ensureInstalled({ withTests: true })

// The runner takes a folder for a program, so a folder is given to it as the tests in it.
function testsOf(path) {
  if (!existsSync(path)) return path // a pattern, or told by the runner
  return statSync(path).isDirectory() ? join(path, '**', '*.test.ts') : path
}

const chosen = process.argv.slice(2).map(testsOf)
if (chosen.length === 0) {
  const checks = [
    ['types', join(root, 'node_modules/typescript/bin/tsc'), ['-p', 'tsconfig.json']],
    ['types of the console', join(root, 'node_modules/typescript/bin/tsc'), ['-p', 'packages/console/tsconfig.json']],
    ['style', join(root, 'node_modules/@biomejs/biome/bin/biome'), ['check', '--max-diagnostics=20', '.']],
  ]
  for (const [name, program, args] of checks) {
    process.stdout.write(`checking ${name} …\n`)
    const done = spawnSync(findNode(), [program, ...args], { cwd: root, stdio: 'inherit' })
    if (done.status !== 0) {
      process.stderr.write(`The check of ${name} failed.\n`)
      process.exit(1)
    }
  }
}

process.chdir(root)
// Each test file and each program that a test starts compiles the same sources: kept, they need half of the CPU.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/compiled')
// Without arguments every file runs, and what many of them need is made once for all.
if (chosen.length === 0) runTypeScript('scripts/all-tests.ts', [])
else runTypeScript(undefined, ['--test', '--test-concurrency=3', '--test-timeout=900000', ...chosen])
