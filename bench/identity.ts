// What sign-in and tokens cost: the check of a token at the edge beside a consumer's and beside jose alone, in one process; and
// the server's CPU for a launch, a refresh and a backend token on a system of its own, beside a FHIR read through the gateway.
// Usage: node bench/identity.ts [--count 200]
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { hmacToken } from '../conformance/gateway/tokens.ts'
import { openBrowser } from '../packages/platform/src/cli/identity/browser.ts'
import {
  type App,
  askToken,
  assertion,
  backendFields,
  begin,
  exchange,
  returned,
} from '../packages/platform/src/cli/identity/smart-app.ts'
import { emptyState } from '../packages/platform/src/edge/gateway/kong/entities.ts'
import { createIssuers } from '../packages/platform/src/edge/gateway/tokens/issuers.ts'
import { createTokenVerifier } from '../packages/platform/src/edge/gateway/tokens/token-verifier.ts'
import { parseTrustedIssuers } from '../packages/platform/src/edge/gateway/tokens/trusted-issuers.ts'
import { measuredOn, openTarget } from './target.ts'

const { values } = parseArgs({ options: { count: { type: 'string', default: '200' } } })
const count = Number(values.count)
const rounds = 20_000
const turns = 10
const now = Math.floor(Date.now() / 1000)
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const round = (number: number, digits = 1): number => Math.round(number * 10 ** digits) / 10 ** digits

async function cpuMicros(times: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  for (let at = 0; at < times; at += 1) await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

function issuerToken(issuer: string, key: { kid: string; privateKey: KeyObject }, jti: number): string {
  const claims = { iss: issuer, aud: 'xinglin', sub: 'chen', iat: now, exp: now + 600, roles: ['clinician'], jti }
  const signed = `${encode({ alg: 'ES256', kid: key.kid })}.${encode({ ...claims, scope: 'user/*.rs' })}`
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

async function checksAtTheEdge() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }] }
  const server = createServer((_request, response) => response.end(JSON.stringify(jwks)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const setting = JSON.stringify([{ issuer, jwksUrl: `${issuer}/jwks`, audience: 'xinglin', algorithms: ['ES256'] }])
  const issuers = createIssuers({
    trusted: parseTrustedIssuers(setting),
    call: () => () => Promise.reject(new Error('no identity service here')),
    revocations: { isRevoked: () => false },
    maxLifetimeSeconds: () => 3600,
  })
  const times = { created_at: now, updated_at: now }
  const consumer = { id: 'c', username: 'bench', custom_id: null, tags: ['role:clinician'], ...times }
  const secret = {
    key: 'bench',
    secret: 's'.repeat(32),
    algorithm: 'HS256',
    rsa_public_key: null,
    tags: null,
    ...times,
  }
  const verifier = createTokenVerifier({
    ...emptyState,
    consumers: [consumer],
    jwt_secrets: [{ id: 'j', consumer: { id: 'c' }, ...secret }],
  })
  const rules = {
    ...{ isExpiryRequired: true, isNotBeforeRequired: false, maxLifetimeSeconds: 3600, audience: 'xinglin' },
    ...{ keyClaim: 'iss', isSecretBase64: false },
  }
  const key = { kid: 'k', privateKey }
  const [text, consumers] = [issuerToken(issuer, key, 0), hmacToken(secret, { exp: now + 600 })]
  const local = createLocalJWKSet(jwks)
  await issuers.callerOf(text, now)
  const fresh = Array.from({ length: 500 }, (_, jti) => issuerToken(issuer, key, jti + 1))
  // A token comes as a new string with each request; a cached hash of the string would flatter the figures.
  const asSent = (token: string) => Buffer.from(token).toString('latin1')
  const figures = {
    rememberedIssuerToken: round(await cpuMicros(rounds, () => issuers.callerOf(asSent(text), now)), 2),
    rememberedConsumerToken: round(await cpuMicros(rounds, () => verifier.verify(asSent(consumers), rules, now)), 2),
    firstIssuerToken: round(await cpuMicros(500, () => issuers.callerOf(fresh.pop() ?? '', now))),
    joseAlone: round(await cpuMicros(500, () => jwtVerify(text, local, { issuer, audience: 'xinglin' }))),
  }
  server.close()
  server.closeAllConnections()
  return figures
}

const redirectUri = 'https://app.example.org/after'
const app: App = { clientId: 'bench-app', redirectUri }
const scopes = ['openid', 'offline_access', 'user/*.rs']

async function launch(fhir: string) {
  const browser = openBrowser()
  const begun = await begin(fhir, app, { scope: scopes.join(' ') })
  const page = await browser.open(begun.url)
  const consent = await browser.submit(page, { username: 'dr-chen', password: 'apricot-grove', decision: 'sign-in' })
  const end = await browser.submit(consent, { decision: 'allow', scope: scopes })
  const { body } = await exchange(fhir, app, { code: returned(end).get('code') ?? '', verifier: begun.verifier })
  if (typeof body['access_token'] !== 'string') throw new Error(`The launch failed: ${JSON.stringify(body)}`)
  return body
}

async function onASystem() {
  const target = await openTarget({ settings: { DEMO: 'true' } })
  const { fhirUrl: fhir } = target
  const base = fhir.replace(/\/fhir$/, '')
  const headers = { authorization: `Bearer ${target.token}`, 'content-type': 'application/json' }
  const put = async (path: string, method: string, body: unknown): Promise<void> => {
    const answer = await fetch(`${base}${path}`, { method, headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  }
  // In turn, so that what the machine does besides meets both alike.
  const inTurn = async (times: number, one: () => Promise<unknown>, other: () => Promise<unknown>) => {
    const sums = [one, other].map((work) => ({ work, figures: [] as Awaited<ReturnType<typeof measured>>[] }))
    for (let at = 0; at < turns; at += 1) {
      for (const { work, figures } of sums) figures.push(await measured(Math.ceil(times / turns), work))
    }
    return sums.map(({ figures }) => {
      const middle = (pick: (figure: (typeof figures)[number]) => number): number =>
        figures.map(pick).toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
      return {
        count: times,
        serverCpuMicros: middle((figure) => figure.serverCpuMicros),
        postgresCpuMicros: middle((figure) => figure.postgresCpuMicros),
        wallMs: middle((figure) => figure.wallMs),
      }
    })
  }
  const measured = async (times: number, work: () => Promise<unknown>) => {
    const before = await target.cpuSeconds()
    const startedAt = performance.now()
    for (let at = 0; at < times; at += 1) await work()
    const after = await target.cpuSeconds()
    const perUnit = (from: number, to: number): number => round(((to - from) * 1e6) / times, 0)
    return {
      count: times,
      serverCpuMicros: perUnit(before.server, after.server),
      postgresCpuMicros: perUnit(before.postgres, after.postgres),
      wallMs: round((performance.now() - startedAt) / times, 1),
    }
  }
  try {
    await put('/fhir/Patient/zhang-san', 'PUT', {
      resourceType: 'Patient',
      id: 'zhang-san',
      name: [{ family: 'Zhang' }],
    })
    const client = { id: app.clientId, name: 'Bench', kind: 'public', redirectUris: [redirectUri], scopes, roles: [] }
    await put('/api/v1/identity/clients', 'POST', client)
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }]
    const backend = { id: 'bench-backend', name: 'Bench', kind: 'backend', redirectUris: [], roles: ['clinician'] }
    await put('/api/v1/identity/clients', 'POST', { ...backend, scopes: ['system/*.rs'], jwks: { keys } })
    const first = await launch(fhir)
    const held = { refresh: String(first['refresh_token']), access: String(first['access_token']) }
    const read = (token: string) => () =>
      fetch(`${fhir}/Patient/zhang-san`, { headers: { authorization: `Bearer ${token}` } }).then((answer) =>
        answer.text(),
      )
    const claims = { iss: 'bench-backend', sub: 'bench-backend', aud: `${base}/oidc/token` }
    for (let at = 0; at < 100; at += 1) await read(held.access)() // warm
    const [consumer, issued] = await inTurn(count * 10, read(target.token ?? ''), read(held.access))
    if (consumer === undefined || issued === undefined) throw new Error('Nothing was measured')
    return {
      readWithConsumerToken: consumer,
      readWithIssuedToken: issued,
      refresh: await measured(count, async () => {
        const { body } = await askToken(fhir, { grant_type: 'refresh_token', refresh_token: held.refresh }, app)
        held.refresh = String(body['refresh_token'])
      }),
      backendToken: await measured(count, () =>
        askToken(fhir, backendFields(assertion(claims, { privateKey, kid: 'k' }), 'system/*.rs')),
      ),
      launch: await measured(Math.min(10, count), () => launch(fhir)),
    }
  } finally {
    await target.close()
  }
}

const edgeCpuMicros = await checksAtTheEdge()
const system = await onASystem()
const ratios = {
  rememberedIssuerToConsumer: round(edgeCpuMicros.rememberedIssuerToken / edgeCpuMicros.rememberedConsumerToken, 2),
  firstIssuerToJose: round(edgeCpuMicros.firstIssuerToken / edgeCpuMicros.joseAlone, 2),
  readIssuedToConsumer: round(
    system.readWithIssuedToken.serverCpuMicros / system.readWithConsumerToken.serverCpuMicros,
    2,
  ),
  refreshToRead: round(system.refresh.serverCpuMicros / system.readWithConsumerToken.serverCpuMicros, 1),
}
const loadAverage = loadavg().map((one) => round(one))
console.log(JSON.stringify({ bench: 'identity', ...measuredOn(), loadAverage, edgeCpuMicros, system, ratios }, null, 2))
