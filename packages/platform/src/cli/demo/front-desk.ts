// The front desk of the demo: a front-end application gets its credential by Kong's admin calls and registers Zhang San.
import { SignJWT } from 'jose'
import { type Answer, expectStatus, type Stage } from './stage.ts'

const chapter = 'The front desk'
const consumer = 'medical-frontend-app'

const zhangSan = {
  resource_type: 'Patient',
  name: [{ use: 'official', family: 'Zhang', given: ['San'] }],
  gender: 'male',
  birth_date: '1990-01-01',
  email: 'zhangsan@example.com',
}

/** What the front desk hands on to the later chapters. */
export interface FrontDesk {
  readonly patientId: string
  readonly token: string
}

function form(stage: Stage, path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  return stage.ask(`${stage.addresses.adminUrl}${path}`, { method: 'POST', body: new URLSearchParams(fields) })
}

async function configureGateway(stage: Stage): Promise<string> {
  const service = await form(stage, '/services', { name: 'patient-service', url: 'http://patient-service:8000' })
  expectStatus(service, 201, 409)
  const routes = await stage.ask(`${stage.addresses.adminUrl}/services/patient-service/routes`)
  const known = (routes.body.data as readonly { readonly paths?: readonly string[] }[]).some((route) =>
    route.paths?.includes('/api/v1/patients'),
  )
  if (!known)
    expectStatus(await form(stage, '/services/patient-service/routes', { 'paths[]': '/api/v1/patients' }), 201)
  expectStatus(await form(stage, '/services/patient-service/plugins', { name: 'jwt' }), 201, 409)
  expectStatus(await form(stage, '/consumers', { username: consumer }), 201, 409)
  return service.status === 201
    ? 'service, route, jwt plugin and consumer created'
    : 'already there from an earlier run'
}

/** Plays the chapter. */
export async function playFrontDesk(stage: Stage): Promise<FrontDesk> {
  let token = ''
  let patientId = ''
  await stage.scene(chapter, "Kong's admin calls set up the route and the consumer", () => configureGateway(stage))
  await stage.scene(chapter, 'the consumer gets a credential and signs a token with it', async () => {
    const credential = await form(stage, `/consumers/${consumer}/jwt`, {})
    expectStatus(credential, 201)
    const secret = new TextEncoder().encode(String(credential.body.secret))
    token = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(String(credential.body.key))
      .setIssuedAt()
      .setExpirationTime('15m')
      .sign(secret)
    return 'HS256, valid for 15 minutes'
  })
  await stage.scene(chapter, 'without a token the gateway lets nobody in', async () => {
    const answer = await stage.ask('/api/v1/patients', { method: 'POST', body: zhangSan })
    expectStatus(answer, 401)
    return '401'
  })
  await stage.scene(chapter, 'Zhang San is registered through the gateway', async () => {
    const created = await stage.ask('/api/v1/patients', { method: 'POST', body: zhangSan, token })
    expectStatus(created, 201)
    patientId = String(created.body.id)
    const found = await stage.ask(`/api/v1/patients/${patientId}`, { token })
    expectStatus(found, 200)
    return `201, id ${patientId}; read back as ${JSON.stringify(found.body.name)}`
  })
  await stage.scene(chapter, 'a form with faults is refused, each fault named', async () => {
    const answer = await stage.ask('/api/v1/patients', {
      method: 'POST',
      body: { ...zhangSan, birth_date: '1990-02-30', email: 'nobody' },
      token,
    })
    expectStatus(answer, 422)
    return `422: ${String(answer.body.detail)}`
  })
  return { patientId, token }
}
