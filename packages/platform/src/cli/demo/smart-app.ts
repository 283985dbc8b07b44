// The chapter of the demo in which an app is launched: SMART on FHIR, by the standard alone.
import { generateKeyPairSync } from 'node:crypto'
import { demoPassword } from '../../edge/gateway/index.ts'
import { openBrowser } from '../identity/browser.ts'
import {
  type App,
  askToken,
  assertion,
  backendFields,
  begin,
  exchange,
  returned,
  type TokenAnswer,
} from '../identity/smart-app.ts'
import type { Stage } from './stage.ts'

type Fields = Readonly<Record<string, unknown>>

const chapter = 'An app is launched'
const redirectUri = 'https://heart-diary.example.org/after'
const app: App = { clientId: 'demo-heart-diary', redirectUri }
const scopes = ['openid', 'fhirUser', 'launch/patient', 'offline_access', 'patient/*.rs']
const revokedWithinMs = 5000
const lookEveryMs = 20

async function demandStatus(stage: Stage, path: string, token: string, status: number): Promise<void> {
  const answer = await stage.ask(path, { token })
  if (answer.status === status) return
  throw new Error(
    `${path} answered ${answer.status} instead of ${status}: ${JSON.stringify(answer.body).slice(0, 300)}`,
  )
}

async function register(stage: Stage, client: Fields): Promise<void> {
  const token = await stage.token('admin')
  const path = `/api/v1/identity/clients`
  const known = await stage.ask(`${path}/${client['id']}`, { token })
  const isThere = known.status === 200
  const { id, ...fields } = client
  const answer = isThere
    ? await stage.ask(`${path}/${id}`, { method: 'PUT', token, body: { ...fields, enabled: true } })
    : await stage.ask(path, { method: 'POST', token, body: client })
  if (answer.status >= 300)
    throw new Error(`Registering ${id} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
}

async function launch(fhir: string, username: string): Promise<Fields> {
  const browser = openBrowser()
  const begun = await begin(fhir, app, { scope: scopes.join(' ') })
  const page = await browser.open(begun.url)
  const consent = await browser.submit(page, { username, password: demoPassword, decision: 'sign-in' })
  const allowed = await browser.submit(consent, { decision: 'allow', scope: scopes })
  const code = returned(allowed).get('code')
  if (code === null) throw new Error(`The app came back without a code: ${allowed.status}`)
  const answer = await exchange(fhir, app, { code, verifier: begun.verifier })
  givenToken('The code', answer)
  return answer.body
}

// A missing token would be refused as well, and tell nothing.
function givenToken(what: string, { status, body }: TokenAnswer): string {
  const token = body['access_token']
  if (status === 200 && typeof token === 'string') return token
  throw new Error(`${what} was refused: ${status} ${JSON.stringify(body)}`)
}

async function untilRefused(stage: Stage, path: string, token: string): Promise<number> {
  const startedAt = performance.now()
  while (performance.now() - startedAt < revokedWithinMs) {
    if ((await stage.ask(path, { token })).status === 401) return Math.round(performance.now() - startedAt)
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  throw new Error(`The access token still worked ${revokedWithinMs} ms after it was revoked`)
}

async function playBackend(stage: Stage, fhir: string): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const kid = 'demo-1'
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid }]
  const id = 'demo-quality-registry'
  await register(stage, {
    ...{ id, name: 'Quality registry (demo)', kind: 'backend', redirectUris: [], jwks: { keys } },
    ...{ scopes: ['system/Patient.rs'], roles: ['clinician'] },
  })
  const claims = { iss: id, sub: id, aud: `${fhir.replace(/\/fhir$/, '')}/oidc/token` }
  const signed = assertion(claims, { privateKey, kid })
  const first = await askToken(fhir, backendFields(signed, 'system/Patient.rs'))
  const token = givenToken('The assertion', first)
  const again = await askToken(fhir, backendFields(signed, 'system/Patient.rs'))
  await demandStatus(stage, '/fhir/Patient?_count=1', token, 200)
  await demandStatus(stage, '/fhir/Observation?_count=1', token, 403)
  return `200 for Patient, 403 for Observation; the same assertion again: ${again.status} ${String(again.body['error'])}`
}

/** Plays it: Zhang San launches an app, it reads his record and no other, and a stolen refresh token ends everything. */
export async function playSmartApp(stage: Stage): Promise<void> {
  const fhir = `${stage.addresses.gatewayUrl}/fhir`
  const held: { tokens: Fields } = { tokens: {} }
  await stage.scene(chapter, 'Zhang San signs in, allows the app, and it reads his record alone', async () => {
    await register(stage, {
      ...{ id: app.clientId, name: 'Heart Diary (demo)', kind: 'public', redirectUris: [redirectUri] },
      ...{ scopes, roles: [] },
    })
    held.tokens = await launch(fhir, 'zhang-san')
    const token = String(held.tokens['access_token'])
    await demandStatus(stage, '/fhir/Patient/zhang-san', token, 200)
    const others = await stage.ask('/fhir/Patient?_count=50', { token })
    const seen = (others.body['entry'] as readonly Fields[] | undefined)?.length ?? 0
    if (seen !== 1) throw new Error(`The app sees ${seen} patients`)
    return `patient ${String(held.tokens['patient'])} in context; a search over all patients finds ${seen}`
  })
  await stage.scene(chapter, 'a refresh token is used a second time: everything given with it ends', async () => {
    const refresh = (token: unknown) =>
      askToken(fhir, { grant_type: 'refresh_token', refresh_token: String(token) }, app)
    const token = givenToken('The refresh token', await refresh(held.tokens['refresh_token']))
    const stolen = await refresh(held.tokens['refresh_token'])
    const ms = await untilRefused(stage, '/fhir/Patient/zhang-san', token)
    return `${stolen.status} ${String(stolen.body['error'])}; the access token is refused after ${ms} ms`
  })
  await stage.scene(chapter, 'a backend service proves itself by a key', () => playBackend(stage, fhir))
}
