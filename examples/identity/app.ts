// A SMART app with standalone launch, in one file: discovery, PKCE, the code, the patient in context, a refresh.
// Usage: node examples/identity/app.ts   (a system must run; see README.md)
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { askToken, type Fields, read, register, url } from './registration.ts'

const clientId = 'example-diary'
const scopes = ['openid', 'fhirUser', 'launch/patient', 'offline_access', 'patient/*.rs']
const fhir = `${url}/fhir`
const random = (): string => randomBytes(32).toString('base64url')

const server = createServer()
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/after`
await register({
  id: clientId,
  name: 'Diary (example)',
  kind: 'public',
  redirectUris: [redirectUri],
  scopes,
  roles: [],
})

const smart = await read(`${fhir}/.well-known/smart-configuration`)
const [state, verifier] = [random(), random()]
const launch = new URLSearchParams({
  response_type: 'code',
  client_id: clientId,
  redirect_uri: redirectUri,
  scope: scopes.join(' '),
  state,
  aud: fhir,
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
})

const returned = new Promise<string>((resolve, reject) => {
  server.on('request', ({ url: path = '/' }, response) => {
    const { pathname, searchParams } = new URL(path, redirectUri)
    if (pathname !== '/after') {
      response.writeHead(404).end()
      return
    }
    response.end('Back at the app. You can close this page.')
    const code = searchParams.get('code')
    if (code !== null && searchParams.get('state') === state) resolve(code)
    else reject(new Error(searchParams.get('error_description') ?? 'No code came back'))
  })
})

console.log(`Open this address in a browser:\n${String(smart['authorization_endpoint'])}?${launch}\n`)
try {
  const code = await returned
  const endpoint = String(smart['token_endpoint'])
  const client = { client_id: clientId }
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }
  const tokens = await askToken(endpoint, { ...client, ...form })
  console.log(`Granted: ${String(tokens['scope'])}\nPatient in context: ${String(tokens['patient'])}`)
  const patient = await read(`${fhir}/Patient/${String(tokens['patient'])}`, String(tokens['access_token']))
  console.log(`Born: ${String(patient['birthDate'])}`)
  const refreshed: Fields = await askToken(endpoint, {
    ...client,
    grant_type: 'refresh_token',
    refresh_token: String(tokens['refresh_token']),
  })
  console.log(`Refreshed: a new access token for ${String(refreshed['expires_in'])} s`)
} finally {
  server.close()
  server.closeAllConnections()
}
