// The command before the command line: who asks for help installs nothing; who works installs what the work needs.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../', import.meta.url))
const state = { folder: '' }

function write(path: string, text: string): void {
  mkdirSync(dirname(join(state.folder, path)), { recursive: true })
  writeFileSync(join(state.folder, path), text)
}

const isWindows = process.platform === 'win32'
const installed = (): boolean => existsSync(join(state.folder, 'installed'))

function run(...words: string[]): { readonly code: number | null; readonly out: string } {
  rmSync(join(state.folder, 'installed'), { force: true })
  const path = `${join(state.folder, 'bin')}${delimiter}${process.env['PATH']}`
  const env = { ...process.env, PATH: path, npm_execpath: '' }
  const program = join(state.folder, 'scripts', 'xinglin.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { env, encoding: 'utf8' })
  return { code: status, out: stdout + stderr }
}

before(() => {
  state.folder = mkdtempSync(join(tmpdir(), 'xinglin first '))
  for (const file of ['scripts/xinglin.mjs', 'scripts/bootstrap.mjs', 'README.md'])
    cpSync(join(repository, file), join(state.folder, file))
  const packages = { 'node_modules/run': { version: '1.0.0' }, 'node_modules/try': { version: '1.0.0', dev: true } }
  write('package-lock.json', JSON.stringify({ packages }))
  write(
    'packages/platform/src/cli/main.ts',
    'process.stdout.write("the command line: " + process.argv.slice(2).join())',
  )
  write('bin/npm', '#!/bin/sh\necho "$@" > installed\n')
  chmodSync(join(state.folder, 'bin', 'npm'), 0o755)
})
after(() => rmSync(state.folder, { recursive: true, force: true }))

test('help in a fresh clone names the commands and installs nothing', (t) => {
  if (isWindows) return t.skip('the npm of this test is a shell script')
  for (const words of [['--help'], ['proof', '--help'], ['demo', '-h'], ['help', 'start'], ['--version'], []]) {
    const { code, out } = run(...words)
    assert.equal(code, 0, out)
    assert.match(out, /xinglin proof \[part\]\n {6}the long proofs/)
    assert.equal(installed(), false, words.join(' '))
  }
  run('status')
  assert.match(readFileSync(join(state.folder, 'installed'), 'utf8'), /^ci --omit=dev/)
})

test('with the packages at hand help comes from the command line; the proofs alone install those of the tests', (t) => {
  if (isWindows) return t.skip('the npm of this test is a shell script')
  write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/run': { version: '1.0.0' } } }))
  write('node_modules/run/package.json', '{}')
  assert.equal(run('proof', '--help').out, 'the command line: proof,--help')
  assert.equal(installed(), false)
  assert.equal(run('train', 'x', '--', '--help').out, 'the command line: train,x,--,--help')
  assert.equal(installed(), false)
  run('proof', 'kills')
  assert.match(readFileSync(join(state.folder, 'installed'), 'utf8'), /--include=dev/)
})
