// The checks of a registry on our own and, where they are there, with HashiCorp's Go client, a Python client and a real Consul.
// XINGLIN_CONSUL_URL names a real Consul; XINGLIN_PYTHON a Python that has the package py-consul; what is compiled or runs on Java
// is asked for by XINGLIN_GO_CHECKS=true and XINGLIN_JAVA_CHECKS=true.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { registryChapters } from './chapters/index.ts'
import { startOwnRegistry } from './own-registry.ts'
import { createRegistryClient, type RegistryClient } from './registry-client.ts'

const run = promisify(execFile)
const own = await startOwnRegistry()
after(() => own.close())

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

function describeAll(name: string, client: RegistryClient): void {
  describe(name, () => {
    for (const { title: chapter, checks } of registryChapters) {
      describe(chapter, () => {
        for (const check of checks) test(check.title, () => check.run(client))
      })
    }
  })
}

describeAll('our own registry', own.client)

const consulUrl = process.env['XINGLIN_CONSUL_URL']
if (consulUrl === undefined) test('a real Consul', { skip: 'set XINGLIN_CONSUL_URL to the address of one' }, () => {})
else describeAll('a real Consul', createRegistryClient(consulUrl))

const isAskedFor = (name: string) => (process.env[name] === 'true' ? false : `set ${name}=true`)
const skipGo = isAskedFor('XINGLIN_GO_CHECKS')
const skipJava = isAskedFor('XINGLIN_JAVA_CHECKS')

test('HashiCorp’s Go client works on it', { skip: skipGo }, async (context) => {
  const options = { cwd: here('./go-client'), env: { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=readonly' } }
  const isReady = await run('go', ['list', '-deps', '.'], options).catch(() => undefined)
  if (isReady === undefined) {
    return context.skip('needs Go and its modules: run `go mod download` in conformance/registry/go-client')
  }
  const { stdout } = await run('go', ['run', '.', own.url], options)
  assert.match(stdout, /\ndone\n$/)
})

test('an application on Spring Cloud Consul registers and follows its settings', {
  skip: skipJava,
}, async (context) => {
  const jar = here('./spring-client/target/spring-client-1.jar')
  if (!existsSync(jar)) {
    return context.skip('needs Java 17 and Maven: run `mvn package` in conformance/registry/spring-client')
  }
  const env = { ...process.env, XINGLIN_REGISTRY: new URL(own.url).host }
  const { stdout } = await run('java', ['-jar', jar], { env })
  assert.match(stdout, /\ndone\n$/)
})

test('a Python client works on it, and the article’s registration as printed', async (context) => {
  const python = process.env['XINGLIN_PYTHON'] ?? 'python3'
  const isReady = await run(python, ['-c', 'import consul; consul.Consul']).catch(() => undefined)
  if (isReady === undefined) {
    return context.skip('needs py-consul: `pip install py-consul`, or set XINGLIN_PYTHON to a Python that has it')
  }
  const article = here('../../../shared/seed/000_888ba9c2ed2c1062.txt')
  const { stdout } = await run(python, [
    here('./python-client.py'),
    new URL(own.url).port,
    ...(existsSync(article) ? [article] : []),
  ])
  assert.match(stdout, /\ndone\n$/)
})
