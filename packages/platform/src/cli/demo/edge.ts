// What the gateway does when a service behind it changes or fails: weights, health, groups, counts.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expectStatus, type Stage } from './stage.ts'

const chapter = 'The gateway'

interface Laboratory {
  readonly server: Server
  readonly target: string
  isBroken: boolean
}

async function laboratory(version: string): Promise<Laboratory> {
  const state = { isBroken: false }
  const server = createServer((_request, response) => {
    response.statusCode = state.isBroken ? 503 : 200
    response.end(version)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, { server, target: `127.0.0.1:${(server.address() as AddressInfo).port}` })
}

async function define(stage: Stage, path: string, body: object): Promise<void> {
  expectStatus(await stage.ask(`${stage.addresses.adminUrl}${path}`, { method: 'POST', body }), 201)
}

async function remove(stage: Stage, path: string): Promise<void> {
  expectStatus(await stage.ask(`${stage.addresses.adminUrl}${path}`, { method: 'DELETE' }), 204)
}

async function count(stage: Stage, path: string, times: number): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>()
  for (let index = 0; index < times; index++) {
    const answer = await stage.ask(path)
    const said = answer.status === 200 ? String(answer.body.text) : String(answer.status)
    seen.set(said, (seen.get(said) ?? 0) + 1)
  }
  return seen
}

async function playCanary(stage: Stage, name: string, canary: Laboratory): Promise<void> {
  await stage.scene(chapter, 'a new version gets one request in ten', async () => {
    const seen = await count(stage, `/${name}`, 20)
    if (seen.get('stable') !== 18 || seen.get('canary') !== 2) throw new Error(`shares were ${[...seen].join(' ')}`)
    return '18 to the stable version, 2 to the canary'
  })
  await stage.scene(chapter, 'it breaks: it is left alone, and nobody notices', async () => {
    canary.isBroken = true
    const seen = await count(stage, `/${name}`, 60)
    if (seen.get('stable') !== 60) throw new Error(`answers were ${[...seen].join(' ')}`)
    const report = await stage.ask(`${stage.addresses.adminUrl}/upstreams/${name}.up/health`)
    const targets = report.body.data as readonly { readonly target: string; readonly health: string }[]
    const { health } = targets.find(({ target }) => target === canary.target) ?? {}
    if (health !== 'UNHEALTHY') throw new Error(`the canary is ${health}`)
    return '60 of 60 answered 200; the canary is UNHEALTHY'
  })
}

async function playCounts(stage: Stage, name: string): Promise<void> {
  await stage.scene(chapter, 'what went through is counted for Prometheus', async () => {
    const answer = await stage.ask(`${stage.addresses.adminUrl}/metrics`)
    expectStatus(answer, 200)
    const lines = String(answer.body.text).split('\n')
    const line = lines.find(
      (one) => one.startsWith('xinglin_gateway_requests_total') && one.includes(`service="${name}"`),
    )
    if (line === undefined) throw new Error('the requests are not counted')
    return line
  })
}

/** Plays the chapter; what it defines is removed again. */
export async function playEdge(stage: Stage): Promise<void> {
  const name = `demo-lab-${Date.now()}`
  const [stable, canary] = [await laboratory('stable'), await laboratory('canary')]
  try {
    const passive = { unhealthy: { http_failures: 2, http_statuses: [503] } }
    await define(stage, '/upstreams', { name: `${name}.up`, healthchecks: { passive } })
    await define(stage, `/upstreams/${name}.up/targets`, { target: stable.target, weight: 90 })
    await define(stage, `/upstreams/${name}.up/targets`, { target: canary.target, weight: 10 })
    await define(stage, '/services', { name, host: `${name}.up` })
    await define(stage, `/services/${name}/routes`, { name, paths: [`/${name}`] })
    await playCanary(stage, name, canary)
    await playCounts(stage, name)
    await remove(stage, `/routes/${name}`)
    await remove(stage, `/services/${name}`)
    await remove(stage, `/upstreams/${name}.up`)
  } finally {
    for (const { server } of [stable, canary]) {
      server.closeAllConnections()
      server.close()
    }
  }
}
