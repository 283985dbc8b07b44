// A new version of a laboratory service gets one request in ten, fails, and is left alone, while every reader gets an answer.
// Usage: node examples/gateway/canary.ts   (a system must run: npm start; everything it defines is removed again)
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const gateway = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const admin = process.env['KONG_ADMIN_URL'] ?? 'http://127.0.0.1:8001'
const name = `example-lab-${process.pid}`
const upstream = `${name}.up`

async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`${admin}${path}`, { method, ...sent })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

/** A laboratory of a version; one that is broken answers 503. */
async function laboratory(version: string) {
  const state = { isBroken: false }
  const server = createServer((_request, response) => {
    response.statusCode = state.isBroken ? 503 : 200
    response.end(version)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { state, target, close: () => server.close() }
}

async function read(times: number): Promise<Readonly<Record<string, number>>> {
  const seen: Record<string, number> = {}
  for (let index = 0; index < times; index++) {
    const answer = await fetch(`${gateway}/${name}`)
    const said = answer.ok ? await answer.text() : `status ${answer.status}`
    seen[said] = (seen[said] ?? 0) + 1
  }
  return seen
}

const [stable, canary] = [await laboratory('version 1'), await laboratory('version 2')]
try {
  const passive = { unhealthy: { http_failures: 3, http_statuses: [503] } }
  await call('POST', '/upstreams', { name: upstream, healthchecks: { passive } })
  await call('POST', `/upstreams/${upstream}/targets`, { target: stable.target, weight: 90 })
  await call('POST', `/upstreams/${upstream}/targets`, { target: canary.target, weight: 10 })
  await call('POST', '/services', { name, host: upstream })
  await call('POST', `/services/${name}/routes`, { name, paths: [`/${name}`] })
  console.log('One in ten goes to the canary:', await read(50))

  canary.state.isBroken = true
  console.log('It breaks, and no reader notices:', await read(50))
  const { data } = await call('GET', `/upstreams/${upstream}/health`)
  for (const { target, health } of data as { target: string; health: string }[]) console.log(`  ${target} ${health}`)

  canary.state.isBroken = false
  await call('PUT', `/upstreams/${upstream}/targets/${canary.target}/healthy`)
  await call('PATCH', `/upstreams/${upstream}/targets/${canary.target}`, { weight: 90 })
  console.log('Mended, and given half:', await read(50))
} finally {
  await call('DELETE', `/routes/${name}`)
  await call('DELETE', `/services/${name}`)
  await call('DELETE', `/upstreams/${upstream}`)
  stable.close()
  canary.close()
}
