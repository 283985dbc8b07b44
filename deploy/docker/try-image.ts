// Runs a built image as a cluster would (its user, a read-only root, only /data and /tmp writable) and uses it: health, record, model, stop.
// Needs root, buildah and unshare; no container engine. node deploy/docker/try-image.ts [NAME]
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../packages/platform/src/kernel/free-port.ts'

const storage = ['--storage-driver', 'vfs']
const maxMegabytes = 450
const stopLimitMs = 20_000

const buildah = (...args: readonly string[]): string =>
  execFileSync('buildah', [...storage, ...args], { encoding: 'utf8' }).trim()

interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly Healthcheck: { readonly Test: readonly string[] }
}

interface Box {
  readonly root: string
  readonly data: string
  readonly config: ImageConfig
  readonly environment: Readonly<Record<string, string>>
}

// A mount namespace of its own: what is mounted for one program is gone when it ends.
const inside = `
set -e
mount --bind "$BOX" "$BOX" && mount -o remount,bind,ro "$BOX"
mount -t tmpfs tmpfs "$BOX/tmp" -o mode=1777
mount --bind "$BOX_DATA" "$BOX/data"
mount -t proc proc "$BOX/proc"
mount --rbind /dev "$BOX/dev"
user="$BOX_USER"; root="$BOX"; unset BOX BOX_DATA BOX_USER
exec chroot --userspec="$user" "$root" /bin/sh -c 'cd /app && exec "$@"' box "$@"`

function start({ root, data, config, environment }: Box, command: readonly string[]): ChildProcess {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const own = Object.fromEntries(
    config.Env.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  )
  const env = { PATH: path, HOME: '/tmp', ...own, ...environment, BOX: root, BOX_DATA: data, BOX_USER: config.User }
  return spawn('unshare', ['--mount', '--', 'sh', '-c', inside, 'box', ...command], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(box: Box, command: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const child = start(box, command)
  const parts: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => parts.push(String(chunk)))
  const [code] = await once(child, 'close')
  return { code: Number(code), text: parts.join('').trim() }
}

async function untilReady(url: string, child: ChildProcess): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    if (child.exitCode !== null) throw new Error('The image ended while it was starting')
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined)
    if (answer?.ok === true) return performance.now() - startedAt
    if (performance.now() - startedAt > 120_000) throw new Error('The image was not ready within two minutes')
    await delay(100)
  }
}

interface Asked {
  readonly method?: string
  readonly token: string
  readonly body?: unknown
}

async function ask(url: string, { method = 'GET', token, body }: Asked): Promise<Response> {
  return fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': url.includes('/fhir/') ? 'application/fhir+json' : 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

async function writesAndReads(url: string, token: string): Promise<string> {
  const person = { resourceType: 'Patient', name: [{ family: 'Zhang', given: ['San'] }], birthDate: '1990-01-01' }
  const made = await ask(`${url}/fhir/Patient`, { method: 'POST', token, body: person })
  assert.equal(made.status, 201)
  const { id } = (await made.json()) as { readonly id: string }
  const read = await ask(`${url}/fhir/Patient/${id}`, { token })
  assert.equal(read.status, 200)
  return `Patient/${id} is stored and read back`
}

async function predicts(url: string, token: string): Promise<string> {
  const hour = [86, 120, 79, 19, 37, 12, 120, 26, 1.4, 2.2, 12.5, 0.5] // the model's twelve vital signs
  const input = { name: 'x', datatype: 'FP32', shape: [1, 24, 12], data: Array.from({ length: 24 }, () => hour).flat() }
  const described = await ask(`${url}/v2/models/icu_mortality_lstm`, { token })
  const { inputs } = (await described.json()) as { readonly inputs: readonly { readonly name: string }[] }
  const body = { inputs: [{ ...input, name: inputs[0]?.name }] }
  const answer = await ask(`${url}/v2/models/icu_mortality_lstm/infer`, { method: 'POST', token, body })
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  const { outputs } = JSON.parse(text) as { readonly outputs: readonly { readonly data: readonly number[] }[] }
  const risk = outputs[0]?.data[0] ?? Number.NaN
  assert.ok(risk > 0 && risk < 1, `a probability, not ${risk}`)
  return `icu_mortality_lstm answers ${risk.toFixed(4)}`
}

async function tellsKeys(url: string): Promise<string> {
  const found = await fetch(`${url}/.well-known/openid-configuration`)
  assert.equal(found.status, 200)
  const { issuer } = (await found.json()) as { readonly issuer: string }
  const { keys } = (await (await fetch(`${url}/oidc/jwks`)).json()) as { readonly keys: readonly unknown[] }
  assert.ok(keys.length > 0)
  return `OpenID Connect of ${issuer} shows ${keys.length} keys`
}

async function use(box: Box, url: string): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`  ✔ ${line}\n`)
  const system = start(box, [...box.config.Entrypoint, ...box.config.Cmd])
  system.stderr?.pipe(process.stderr)
  try {
    say(`ready after ${Math.round(await untilReady(url, system))} ms as user ${box.config.User}, root read-only`)
    const [kind, ...check] = box.config.Healthcheck.Test
    assert.equal(kind, 'CMD')
    assert.equal((await run(box, check)).code, 0)
    say('its health check says that it lives')
    const refused = await run(box, ['sh', '-c', 'echo x > /app/x'])
    assert.match(refused.text, /Read-only file system/)
    say('nothing can be written beside /data and /tmp')
    const tokenOf = async (role: string): Promise<string> => (await run(box, ['xinglin', 'token', '--role', role])).text
    say(await writesAndReads(url, await tokenOf('clinician')))
    say(await predicts(url, await tokenOf('data-scientist')))
    say(await tellsKeys(url))
    const console = await fetch(`${url}/app/`)
    assert.match(await console.text(), /<div id="root">/)
    say('the console is served')
    const stoppedAt = performance.now()
    system.kill('SIGTERM')
    const [code] = await once(system, 'exit', { signal: AbortSignal.timeout(stopLimitMs) })
    assert.equal(code, 0)
    say(`stops on SIGTERM in ${Math.round(performance.now() - stoppedAt)} ms with exit code 0`)
  } finally {
    if (system.exitCode === null) system.kill('SIGKILL')
  }
}

const name = process.argv[2] ?? 'localhost/xinglin'
const size = Number(JSON.parse(buildah('images', '--json', name))[0].size.replace(/ MB$/, ''))
const container = buildah('from', name)
const data = mkdtempSync(join(tmpdir(), 'xinglin-data-'))
chownSync(data, 10_001, 10_001)
try {
  const root = buildah('mount', container)
  const config: ImageConfig = JSON.parse(buildah('inspect', container)).Docker.config
  const variables = [
    'PORT',
    'KONG_ADMIN_PORT',
    'REGISTRY_PORT',
    'FLOWER_PORT',
    'DIMSE_PORT',
    'INFERENCE_HTTP_PORT',
    'INFERENCE_GRPC_PORT',
    'INFERENCE_METRICS_PORT',
  ]
  const ports = await Promise.all(
    variables.map(async (one): Promise<[string, string]> => [one, String(await freePort())]),
  )
  const environment = Object.fromEntries([...ports, ['GATEWAY_BEHIND_TLS', 'true']])
  assert.ok(size > 0 && size <= maxMegabytes, `${size} MB`)
  process.stdout.write(`${name}, ${size} MB\n`)
  await use({ root, data, config, environment }, `http://127.0.0.1:${environment['PORT']}`)
} finally {
  buildah('rm', container)
  rmSync(data, { recursive: true, force: true })
}
