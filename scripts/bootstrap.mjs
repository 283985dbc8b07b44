// Brings a fresh clone to the point where it can run: installs what is missing and finds a Node 24.
// Plain JavaScript for Node 20, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the clone. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const needed = 24

/** Stops with a clear sentence when the system's Node is too old even to install. */
export function requireNode20() {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 20) return
  process.stderr.write(
    `Xinglin needs Node 20 or newer to install itself; this is ${process.version}. Get one from https://nodejs.org\n`,
  )
  process.exit(1)
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

function fits(entry) {
  const matches = (list, value) => {
    if (list === undefined) return true
    const names = [list].flat()
    if (names.includes(`!${value}`)) return false
    return names.every((name) => name.startsWith('!')) || names.includes(value)
  }
  return matches(entry.os, process.platform) && matches(entry.cpu, process.arch)
}

function presentPackages() {
  return readJson(join(root, 'node_modules', '.package-lock.json'))?.packages
}

// An optional package that fits this machine but cannot be installed (another libc, say) is not missing.
function missingPackages(withTests) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {}
  const present = presentPackages()
  if (present === undefined) return ['everything']
  return Object.entries(wanted)
    .filter(([path, entry]) => path.startsWith('node_modules/') && entry.link !== true)
    .filter(
      ([, entry]) =>
        (withTests || (entry.dev !== true && entry.devOptional !== true)) && entry.optional !== true && fits(entry),
    )
    .filter(
      ([path, entry]) => present[path]?.version !== entry.version || !existsSync(join(root, path, 'package.json')),
    )
    .map(([path]) => path)
}

// The packaged Node brings C headers (67 MB) for building native modules; nothing here is built.
function removeHeaders() {
  const folder = join(root, 'node_modules')
  for (const name of readdirSync(folder).filter((one) => /^node-(bin-)?(linux|darwin|win)/.test(one))) {
    rmSync(join(folder, name, 'include'), { recursive: true, force: true })
  }
}

// ONNX Runtime brings its library for every system (about 290 MB); one of them runs here.
function removeForeignRuntimes() {
  const folder = join(root, 'node_modules', 'onnxruntime-node', 'bin')
  for (const napi of existsSync(folder) ? readdirSync(folder) : []) {
    for (const platform of readdirSync(join(folder, napi))) {
      const own = join(folder, napi, platform)
      if (platform !== process.platform) rmSync(own, { recursive: true, force: true })
      else if (existsSync(join(own, process.arch))) removeAllBut(own, process.arch)
    }
  }
}

function removeAllBut(folder, kept) {
  for (const name of readdirSync(folder)) {
    if (name !== kept) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

// `npm ci` takes everything away first, which would pull the programs from under a system that runs. So it is for
// the first time only; afterwards just what is missing or changed is replaced, and nothing that is there is dropped.
function installArguments(withTests, wasCutOff) {
  const present = wasCutOff ? undefined : presentPackages()
  const hasTests = Object.values(present ?? {}).some((entry) => entry.dev === true)
  return [
    ...(present === undefined ? ['ci'] : ['install', '--no-save', '--prefer-offline']),
    ...(withTests || hasTests ? ['--include=dev'] : ['--omit=dev']),
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
}

const turnFile = join(root, '.install.log')
const turnLimitMs = 600_000

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

// One installation at a time: `npm start` and `npm test` may be typed in two terminals. Says whether one was cut off.
function takeTurn() {
  const until = Date.now() + turnLimitMs
  for (let isFirst = true; ; isFirst = false) {
    try {
      writeFileSync(turnFile, String(process.pid), { flag: 'wx' })
      return false
    } catch (error) {
      if (error.code !== 'EEXIST') {
        process.stderr.write(
          `Packages are missing, and ${root} cannot be written (${error.code}): start as its owner once.\n`,
        )
        process.exit(1)
      }
    }
    // A file without a number was made a moment ago.
    const holder = existsSync(turnFile) ? Number(readFileSync(turnFile, 'utf8')) : 0
    if (Date.now() > until || (holder !== 0 && !isAlive(holder))) {
      writeFileSync(turnFile, String(process.pid))
      return true
    }
    if (isFirst) process.stderr.write('Another terminal installs packages here; waiting for it …\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  }
}

/** Whether everything is there to run the command line. */
export function isInstalled() {
  return missingPackages(false).length === 0 && !existsSync(turnFile)
}

/** Installs from the lockfile when something is missing; nothing is fetched when all is there. */
export function ensureInstalled({ withTests }) {
  if (missingPackages(withTests).length === 0 && !existsSync(turnFile)) return
  const wasCutOff = takeTurn()
  try {
    if (wasCutOff || missingPackages(withTests).length > 0) install(withTests, wasCutOff)
  } finally {
    rmSync(turnFile, { force: true })
  }
}

function install(withTests, wasCutOff) {
  process.stderr.write(
    `Installing ${withTests ? 'all packages, those of the tests included' : 'what Xinglin needs'} (once; from the lockfile) …\n`,
  )
  const args = installArguments(withTests, wasCutOff)
  const npm = process.env.npm_execpath
  const isNpmScript = npm !== undefined && /npm-cli\.c?js$/.test(npm)
  const [command, prefix, shell] = isNpmScript
    ? [process.execPath, [npm], false]
    : ['npm', [], process.platform === 'win32']
  const done = spawnSync(command, [...prefix, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell })
  if (done.status === 0) {
    removeHeaders()
    removeForeignRuntimes()
    return
  }
  rmSync(turnFile, { force: true })
  process.stderr.write('The installation failed. Xinglin needs the npm registry once; afterwards it starts offline.\n')
  process.exit(1)
}

/** Path of a Node that runs TypeScript as it is: this one when new enough, else the one from the lockfile. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= needed) return process.execPath
  const platform = { linux: 'linux', darwin: 'darwin', win32: 'win' }[process.platform]
  const names = [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const found = names.map((name) => join(root, 'node_modules', name, 'bin', file)).find((path) => existsSync(path))
  if (found !== undefined) return found
  process.stderr.write(
    `Xinglin runs on Node ${needed}; this is ${process.version} and no packaged Node fits ${process.platform}-${process.arch}. Install Node ${needed} and start again.\n`,
  )
  return process.exit(1)
}

/** Runs a TypeScript file under the right Node, passes signals on, and ends with its exit code. */
export function runTypeScript(file, args, extraFlags = []) {
  const flags = ['--disable-warning=ExperimentalWarning', ...extraFlags]
  const child = spawn(findNode(), [...flags, ...(file === undefined ? [] : [join(root, file)]), ...args], {
    stdio: 'inherit',
    env: process.env,
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}
