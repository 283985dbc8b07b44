// The identity service's own pages in a real browser: signing in to the console there, and an app that asks for consent.
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { demoPassword } from '../../packages/platform/src/edge/gateway/index.ts'

interface App {
  readonly id: string
  readonly redirectUri: string
}

const absentApp: App = { id: 'screens', redirectUri: 'https://app.example.org/after' }
const scope = 'openid fhirUser launch/patient offline_access patient/*.rs user/Observation.read'

/** As an administrator: adds a user, saves a change, and is still told so when the list is fresh again. */
export async function saveUser(page: Page): Promise<void> {
  const username = `screens-${randomUUID().slice(0, 8)}`
  await page.evaluate(async (name) => {
    const { csrfToken } = (await (await fetch('/auth/session')).json()) as { readonly csrfToken: string }
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken }
    const user = { username: name, name: '试用', roles: ['clinician'], password: 'a few words in a row' }
    await fetch('/api/v1/identity/users', { method: 'POST', headers, body: JSON.stringify(user) })
  }, username)
  await page.goto(new URL(`/app/accounts?user=${username}`, page.url()).href)
  const form = page.locator('form', { has: page.locator('input[name=enabled]') })
  await form.waitFor()
  const isFresh = page.waitForResponse((answer) => /\/identity\/users\?/.test(answer.url()))
  await form.locator('button[type=submit]').click()
  await isFresh
  await page.waitForLoadState('networkidle')
  await form.locator('[role=status]', { hasText: /^(Saved|已保存)/ }).waitFor({ timeout: 30_000 })
}

/** Goes to the sign-in page. */
export async function openSignIn(page: Page): Promise<void> {
  await page.goto(new URL('/auth/oidc/sign-in', page.url()).href)
  await page.locator('input[name=password]').waitFor()
}

async function enter(page: Page, username: string): Promise<void> {
  await page.locator('input[name=username]').fill(username)
  await page.locator('input[name=password]').fill(demoPassword)
  await page.locator('button[value=sign-in]').click()
}

/** Signs in there, and comes back to the console; the browser holds the pages' policy against the whole way. */
export async function signInThere(page: Page): Promise<void> {
  await openSignIn(page)
  await enter(page, 'dr-chen')
  await page.waitForURL((address) => address.pathname.startsWith('/app/patients'))
  await page.locator('main table').waitFor()
}

/** An app asks a clinician for access; patients were looked for. To be called as an administrator. */
export async function openConsent(page: Page, { id, redirectUri }: App = absentApp): Promise<void> {
  await page.evaluate(
    async (app) => {
      const { csrfToken } = (await (await fetch('/auth/session')).json()) as { readonly csrfToken: string }
      const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken }
      const client = { name: 'Growth Chart', kind: 'public', roles: [], ...app }
      await fetch('/api/v1/identity/clients', { method: 'POST', headers, body: JSON.stringify(client) })
    },
    { id, redirectUris: [redirectUri], scopes: scope.split(' ') },
  )
  const { origin } = new URL(page.url())
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: id, redirect_uri: redirectUri, scope, state: 's' },
    ...{ aud: `${origin}/fhir`, code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
  })
  await page.goto(`${origin}/oidc/auth?${query}`)
  await enter(page, 'dr-chen')
  await page.locator('input[name=q]').fill('张')
  await page.locator('input[name=q]').fill('zhang')
  await page.locator('form[role=search] button').click()
  await page.locator('input[name=patient]').first().waitFor()
}

/** Chooses the patient, allows the app, and is sent to it. */
export async function allowApp(page: Page): Promise<void> {
  const app = createServer((_asked, answer) => answer.setHeader('content-type', 'text/html').end('<h1>App</h1>'))
  await once(app.listen(0, '127.0.0.1'), 'listening')
  const { port } = app.address() as AddressInfo
  const redirectUri = `http://127.0.0.1:${port}/after`
  try {
    await openConsent(page, { id: `screens-${port}`, redirectUri })
    const { origin } = new URL(page.url())
    await page.locator('input[name=patient]').first().check()
    await page.locator('button[value=allow]').click()
    await page.waitForURL((address) => address.href.startsWith(redirectUri) && address.searchParams.has('code'))
    await page.goto(`${origin}/app/account`)
    await page.locator('main h1').waitFor()
  } finally {
    app.close()
    app.closeAllConnections()
  }
}
