// Builds the image where there is neither Docker nor a container registry: buildah, on bases made from Debian's own packages.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('../../', import.meta.url))
const storage = ['--storage-driver', 'vfs']
const runBase = 'localhost/xinglin-debian'
const buildBase = 'localhost/xinglin-node'

const usage = `Usage: node deploy/docker/build-image.ts [options]
  --tag NAME          name of the image (localhost/xinglin)
  --services NAMES    makes the image of these services, e.g. patient (all in one process)
  --registry          take the bases from the container registry instead of making them
  --installed         take the packages of this folder instead of running npm ci in the build
  --without-database  leave the embedded PostgreSQL out
`

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, [...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
}

function ask(program: string, args: readonly string[]): string {
  return execFileSync(program, [...args], { cwd: root, encoding: 'utf8' }).trim()
}

const buildah = (...args: readonly string[]): void => run('buildah', [...storage, ...args])

function hasImage(name: string): boolean {
  return ask('buildah', [...storage, 'images', '--format', '{{.Name}}'])
    .split('\n')
    .includes(name)
}

// Debian without what a server never reads: the same packages as `debian:bookworm-slim`, made from the package mirror.
function makeRunBase(): void {
  const folder = mkdtempSync(join(tmpdir(), 'xinglin-debian-'))
  const archive = join(folder, 'debian.tar')
  const left = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*']
  try {
    const excluded = left.map((path) => `--dpkgopt=path-exclude=${path}`)
    run('mmdebstrap', ['--quiet', '--variant=minbase', ...excluded, 'bookworm', archive])
    const container = ask('buildah', [...storage, 'from', 'scratch'])
    buildah('add', '--quiet', container, archive, '/')
    buildah('commit', '--quiet', '--rm', container, runBase)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// The same with Node 24 as the project's packages bring it, and the npm of this machine.
function makeBuildBase(): void {
  const container = ask('buildah', [...storage, 'from', runBase])
  const npm = dirname(dirname(realpathSync(ask('sh', ['-c', 'command -v npm']))))
  const certificates = '/etc/ssl/certs/ca-certificates.crt'
  buildah('copy', '--quiet', container, process.execPath, '/usr/local/bin/node')
  buildah('copy', '--quiet', container, npm, '/usr/local/lib/node_modules/npm')
  if (existsSync(certificates)) buildah('copy', '--quiet', container, certificates, certificates)
  const link = 'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm'
  buildah('run', '--isolation', 'chroot', container, '--', 'sh', '-c', link)
  buildah('config', '--env', `NODE_EXTRA_CA_CERTS=${certificates}`, container)
  buildah('commit', '--quiet', '--rm', container, buildBase)
}

function basesOf(fromRegistry: boolean): readonly string[] {
  if (fromRegistry) return []
  if (!hasImage(runBase)) {
    say('Making a base from Debian packages …')
    makeRunBase()
  }
  if (!hasImage(buildBase)) makeBuildBase()
  return ['--build-arg', `RUN_IMAGE=${runBase}`, '--build-arg', `BUILD_IMAGE=${buildBase}`]
}

function commit(): string {
  try {
    return ask('git', ['rev-parse', 'HEAD'])
  } catch {
    return 'unknown'
  }
}

interface Wanted {
  readonly tag: string
  readonly services: string
  readonly registry: boolean
  readonly installed: boolean
  readonly 'without-database': boolean
}

function build(wanted: Wanted): void {
  const { version } = JSON.parse(readFileSync(join(root, 'packages/platform/package.json'), 'utf8'))
  const values = {
    VERSION: version,
    REVISION: commit(),
    SERVICES: wanted.services,
    EMBEDDED_POSTGRES: String(!wanted['without-database']),
  }
  const given = Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  const packages = wanted.installed ? ['--volume', `${join(root, 'node_modules')}:/build/node_modules:ro`] : []
  buildah(
    ...['bud', '--isolation', 'chroot', '--format', 'docker', '--layers=false', '--tag', wanted.tag],
    ...['--ignorefile', 'deploy/docker/Dockerfile.dockerignore', '--file', 'deploy/docker/Dockerfile'],
    ...[...basesOf(wanted.registry), ...given, ...packages, '.'],
  )
  const size = ask('buildah', [...storage, 'images', '--format', '{{.Size}}', wanted.tag])
  say(`${wanted.tag} is built: ${size}`)
}

const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: 'localhost/xinglin' },
    services: { type: 'string', default: '' },
    registry: { type: 'boolean', default: false },
    installed: { type: 'boolean', default: false },
    'without-database': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
try {
  if (values.help) process.stdout.write(usage)
  else build(values)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message.slice(0, 300) : String(error)}\n`)
  process.exitCode = 1
}
