// A backend service of SMART App Launch 2.2: it signs an assertion with its own key and gets a token for itself.
// Usage: node examples/identity/backend.ts   (a system must run; see README.md)
import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { askToken, read, register, url } from './registration.ts'

const id = 'example-quality-registry'
const kid = 'example-1'
const scope = 'system/Patient.rs'

const { privateKey, publicKey } = await generateKeyPair('ES384')
const keys = [{ ...(await exportJWK(publicKey)), kid, alg: 'ES384', use: 'sig' }]
await register({
  id,
  name: 'Quality registry (example)',
  kind: 'backend',
  redirectUris: [],
  scopes: [scope],
  roles: ['clinician'],
  jwks: { keys },
})

const smart = await read(`${url}/fhir/.well-known/smart-configuration`)
const endpoint = String(smart['token_endpoint'])
const assertion = await new SignJWT()
  .setProtectedHeader({ alg: 'ES384', kid, typ: 'JWT' })
  .setIssuer(id)
  .setSubject(id)
  .setAudience(endpoint)
  .setJti(randomUUID())
  .setExpirationTime('4 minutes')
  .sign(privateKey)
const tokens = await askToken(endpoint, {
  grant_type: 'client_credentials',
  scope,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
})
console.log(`Granted: ${String(tokens['scope'])} for ${String(tokens['expires_in'])} s`)
const bundle = await read(`${url}/fhir/Patient?_summary=count`, String(tokens['access_token']))
console.log(`Patients: ${String(bundle['total'])}`)
