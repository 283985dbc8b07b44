// The article's patient-service-deployment.yaml, as printed, on the image of the patient service.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { readArticle, snippet } from '../../conformance/article/article-text.ts'
import { freePorts } from '../../packages/platform/src/cli/system.ts'
import { acceptedSettings } from './accepted.ts'
import { imageEnvironment } from './image-environment.ts'

const article = readArticle()
const skip = article === undefined ? 'the article is not beside this clone (shared/seed)' : false
const program = fileURLToPath(new URL('../../packages/platform/src/cli/main.ts', import.meta.url))
// A loopback address of its own: ports 8000 and 8500 may be taken at the usual one.
const host = '127.0.80.1'

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } }
}

interface PrintedDeployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly name: string
          readonly image: string
          readonly ports: readonly { readonly containerPort: number }[]
          readonly env: readonly Variable[]
        }[]
      }
    }
  }
}

interface PrintedService {
  readonly spec: { readonly ports: readonly { readonly port: number; readonly targetPort: number }[] }
}

function printed(): readonly [PrintedDeployment, PrintedService] {
  const [deployment, service] = parseAllDocuments(snippet(article ?? '', 'apiVersion: apps/v1', '第五章'))
  return [deployment?.toJS(), service?.toJS()]
}

const state: { folder?: string; readonly children: ChildProcess[] } = { children: [] }

function start(environment: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'start'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'], // ends with this process
  })
  state.children.push(child)
  return child
}

async function answerOf(url: string, child: ChildProcess): Promise<Response> {
  for (const until = Date.now() + 180_000; Date.now() < until; await delay(100)) {
    if (child.exitCode !== null) throw new Error('a part could not start')
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
    if (answer?.ok === true) return answer
  }
  throw new Error(`${url} did not answer`)
}

interface Entry {
  readonly Service: { readonly Address: string; readonly Port: number }
}

async function registeredPlace(registry: ChildProcess): Promise<string | undefined> {
  const url = `http://${host}:8500/v1/health/service/patient?passing=1`
  for (const until = Date.now() + 180_000; Date.now() < until; await delay(100)) {
    const [entry] = (await (await answerOf(url, registry)).json()) as readonly Entry[]
    if (entry !== undefined) return `${entry.Service.Address}:${entry.Service.Port}`
  }
  return undefined
}

after(async () => {
  for (const child of state.children.toReversed()) {
    if (child.exitCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  if (state.folder !== undefined) await rm(state.folder, { recursive: true, force: true })
})

test('the image of the patient service listens where the manifest expects it', { skip }, async () => {
  const [deployment, service] = printed()
  const [container] = deployment.spec.template.spec.containers
  const { SERVICE_PORT, SERVICE_HOST, SERVICES } = await imageEnvironment({ SERVICES: 'patient' })
  assert.equal(container?.name, 'patient-service')
  assert.deepEqual([SERVICES, SERVICE_HOST], ['patient', '0.0.0.0'])
  const variables = Object.fromEntries(container.env.map(({ name, value }) => [name, value ?? 'postgres://db/x']))
  const { process } = await acceptedSettings({ ...(await imageEnvironment({ SERVICES: 'patient' })), ...variables })
  assert.equal(process.registryUrl, 'http://consul-service.default.svc.cluster.local:8500')
  assert.equal(process.databaseUrl, 'postgres://db/x')
  assert.equal(Number(SERVICE_PORT), container.ports[0]?.containerPort)
  assert.equal(Number(SERVICE_PORT), service.spec.ports[0]?.targetPort)
})

test('its environment starts the patient service, registered and well', { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-printed-'))
  state.folder = folder
  const apart = { ...(await freePorts()), REGISTRY_HOST: host, REGISTRY_PORT: '8500', LOG_LEVEL: 'error' }
  const registry = start({ ...apart, XINGLIN_DATA: join(folder, 'consul'), SERVICES: 'registry' })
  await answerOf(`http://${host}:8500/v1/status/leader`, registry)
  const database = JSON.parse(await readFile(join(folder, 'consul/database.json'), 'utf8')) as { readonly url: string }
  const values: Readonly<Record<string, string>> = {
    CONSUL_HOST: host,
    DB_CONNECTION_STRING: database.url.replace(/^postgres(ql)?:/, 'postgresql+psycopg2:'), // as a Python service has it
  }
  const [deployment] = printed()
  const names = deployment.spec.template.spec.containers[0]?.env.map(({ name }) => name) ?? []
  const given = Object.fromEntries(names.map((name) => [name, values[name] ?? `${name} is not known here`]))
  const image = await imageEnvironment({ SERVICES: 'patient' })
  const patient = start({ ...image, ...given, SERVICE_HOST: host, XINGLIN_DATA: join(folder, 'patient') })

  const health = await answerOf(`http://${host}:8000/health`, patient) // what the article's registration lets Consul ask
  assert.deepEqual(await health.json(), { status: 'ready', service: 'patient', reasons: [] })
  const refused = await fetch(`http://${host}:8000/api/v1/patients/none`)
  assert.equal(refused.status, 401) // it is there, and it wants to know who asks
  assert.equal(await registeredPlace(registry), `${host}:8000`)
})
