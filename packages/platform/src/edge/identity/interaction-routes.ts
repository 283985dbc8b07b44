// HTTP of the sign-in and consent pages.
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { InteractionResults } from 'oidc-provider'
import { Type } from 'typebox'
import { isOwnPage, originOf } from '../../kernel/local-request.ts'
import { isPatientOnly, type StoredAccount } from './accounts/account.ts'
import { passwordFits } from './accounts/passwords.ts'
import { findAccount, touchAccount } from './accounts/store.ts'
import { callerOf, grantConsent, type Interaction, openInteraction } from './interaction.ts'
import { addressOf, ownRequest } from './own-request.ts'
import { type ConsentPage, consentPage } from './pages/consent-page.ts'
import { pageHeaders } from './pages/document.ts'
import { expiredPage } from './pages/error-page.ts'
import { type SignInPage, signInPage } from './pages/sign-in-page.ts'
import { type Language, languageOf } from './pages/words.ts'
import type { Patients } from './patients.ts'
import type { ProviderOptions } from './provider/parts.ts'
import type { Providers } from './provider/provider.ts'
import { needsPatient } from './scopes.ts'
import type { Throttle } from './throttle.ts'

/** What the pages need. */
export interface InteractionParts extends ProviderOptions {
  readonly providers: Providers
  readonly patients: Patients
  readonly throttle: Throttle
}

interface Form {
  readonly decision: string
  readonly username: string
  readonly password: string
  readonly patient: string
  readonly scope: readonly string[]
}

interface Page {
  readonly Params: { readonly uid: string }
  readonly Querystring: { readonly lang?: string; readonly q?: string }
}

type Sent = FastifyRequest<Page & { Body: Form }>
type Asked = FastifyRequest<Page>

const formBytes = 16_384
const maxText = 200
const Query = Type.Object({
  lang: Type.Optional(Type.String({ maxLength: 10 })),
  q: Type.Optional(Type.String({ maxLength: 100 })),
})
const page = { config: { public: true }, schema: { querystring: Query } } as const

function parseForm(body: string): Form {
  const fields = new URLSearchParams(body)
  const one = (name: string): string => (fields.get(name) ?? '').slice(0, maxText)
  return {
    decision: one('decision'),
    username: one('username').trim(),
    password: one('password'),
    patient: one('patient'),
    scope: fields.getAll('scope').slice(0, 100),
  }
}

const pathOf = (request: Asked): string => `/oidc/interaction/${encodeURIComponent(request.params.uid)}`

function languageFor(request: Asked, interaction?: Interaction): Language {
  return languageOf(request.query.lang, interaction?.uiLocales, request.headers['accept-language'])
}

function show(reply: FastifyReply, body: string, interaction: Interaction | undefined, status = 200): FastifyReply {
  const target =
    interaction === undefined || !URL.canParse(interaction.redirectUri) ? undefined : new URL(interaction.redirectUri)
  const origin = target === undefined ? undefined : target.origin === 'null' ? target.protocol : target.origin
  return reply.code(status).headers(pageHeaders(origin)).send(body)
}

function showSignIn(request: Asked, reply: FastifyReply, interaction: Interaction, more: Partial<SignInPage> = {}) {
  const given: SignInPage = {
    language: languageFor(request, interaction),
    app: interaction.clientName,
    path: pathOf(request),
    username: interaction.loginHint?.slice(0, 64) ?? '',
    ...more,
  }
  const statuses = { wrong: 401, tooMany: 429 } as const
  return show(reply, signInPage(given), interaction, more.fault === undefined ? 200 : statuses[more.fault.word])
}

async function patientFor(
  request: Asked,
  interaction: Interaction,
  account: StoredAccount,
  { patients }: InteractionParts,
): Promise<ConsentPage['patient']> {
  if (!needsPatient(interaction.scopes)) return 'none'
  if (isPatientOnly(account)) return 'own'
  const query = request.query.q ?? ''
  if (query === '') return { query, found: undefined }
  return { query, found: await patients.search(callerOf(account, addressOf(request.raw)), query) }
}

async function showConsent(
  request: Asked,
  reply: FastifyReply,
  interaction: Interaction,
  parts: InteractionParts & { readonly account: StoredAccount; readonly fault?: 'pickFirst' | 'notAllowed' },
) {
  const { account, fault } = parts
  const returnTo = new URL(interaction.redirectUri)
  const body = consentPage({
    language: languageFor(request, interaction),
    app: interaction.clientName,
    path: pathOf(request),
    person: account.name,
    scopes: interaction.scopes,
    returnHost: returnTo.host === '' ? returnTo.protocol : returnTo.host,
    patient: await patientFor(request, interaction, account, parts),
    ...(fault === undefined ? {} : { fault }),
  })
  return show(reply, body, interaction, fault === undefined ? 200 : 422)
}

async function finish(
  request: Sent,
  reply: FastifyReply,
  interaction: Interaction,
  result: InteractionResults,
): Promise<void> {
  reply.hijack()
  await interaction.provider.interactionFinished(request.raw, reply.raw, result, { mergeWithLastSubmission: true })
}

const denied = { error: 'access_denied', error_description: 'The person did not allow it' }

async function signIn(request: Sent, reply: FastifyReply, interaction: Interaction, parts: InteractionParts) {
  const { sql, audit, throttle, isDemo } = parts
  const { username, password } = request.body
  const address = addressOf(request.raw)
  try {
    throttle.count(username, address)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const seconds = error.retryAfterSeconds ?? 1
    reply.header('retry-after', String(seconds))
    return showSignIn(request, reply, interaction, { username, fault: { word: 'tooMany', seconds } })
  }
  const found = await findAccount(sql, username)
  const mayEnter = found?.account.isEnabled === true && (!found.account.isDemo || isDemo)
  const isRight = await passwordFits(password, mayEnter ? found.password : undefined)
  const common = { action: 'E', interaction: 'sign-in', traceId: request.traceId } as const
  if (!isRight || !mayEnter) {
    const caller = { subject: 'anonymous', name: 'Not identified', roles: [], scopes: [], purpose: 'TREAT', address }
    await audit.record({ ...common, caller, outcome: 'refused', status: 401, reason: 'sign-in' })
    return showSignIn(request, reply, interaction, { username, fault: { word: 'wrong' } })
  }
  throttle.forgive(username, address)
  await touchAccount(sql, username)
  await audit.record({ ...common, caller: callerOf(found.account, address), outcome: 'success', status: 200 })
  return finish(request, reply, interaction, { login: { accountId: username, remember: false, amr: ['pwd'] } })
}

async function allow(request: Sent, reply: FastifyReply, interaction: Interaction, parts: InteractionParts) {
  const { account } = interaction
  if (account === undefined) throw new AppError('not-found', 'This sign-in is over; begin again at the app')
  const caller = callerOf(account, addressOf(request.raw))
  const isNeeded = needsPatient(interaction.scopes)
  const isOwn = isPatientOnly(account)
  const patient = isNeeded ? ((isOwn ? account.patient : undefined) ?? request.body.patient) : undefined
  if (patient === '') return showConsent(request, reply, interaction, { ...parts, account, fault: 'pickFirst' })
  if (patient !== undefined && !isOwn && !(await parts.patients.isOpen(caller, patient))) {
    return showConsent(request, reply, interaction, { ...parts, account, fault: 'notAllowed' })
  }
  const result = await grantConsent(interaction, { account, patient, chosen: request.body.scope }, parts)
  await parts.audit.record({
    caller,
    action: 'E',
    interaction: 'app-launch',
    outcome: 'success',
    status: 303,
    traceId: request.traceId,
    entities: [`client/${interaction.clientId}`],
    ...(patient === undefined ? {} : { patients: [patient] }),
  })
  return finish(request, reply, interaction, result)
}

/** The routes of the pages. */
export function interactionRoutes(parts: InteractionParts): FastifyPluginAsync {
  const opened = async (request: Asked, reply: FastifyReply): Promise<Interaction | undefined> => {
    const { provider } = await parts.providers.current()
    try {
      return await openInteraction(provider, ownRequest(request.raw, parts.issuer), reply.raw, parts)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'not-found') throw error
      show(reply, expiredPage(languageFor(request)), undefined, 404)
      return undefined
    }
  }
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: formBytes },
      (_request, body, done) => done(null, parseForm(String(body))),
    )
    app.get<Page>('/oidc/interaction/:uid', page, async (request, reply) => {
      const interaction = await opened(request, reply)
      if (interaction === undefined) return reply
      const { account, prompt } = interaction
      if (prompt === 'login' || account === undefined) return showSignIn(request, reply, interaction)
      return showConsent(request, reply, interaction, { ...parts, account })
    })
    app.post<Page & { Body: Form }>('/oidc/interaction/:uid', page, async (request, reply) => {
      if (!isOwnPage({ ...originOf(request), host: new URL(parts.issuer).host })) {
        throw new AppError('forbidden', 'This form is sent from its own page only')
      }
      const interaction = await opened(request, reply)
      if (interaction === undefined) return reply
      const { decision } = request.body
      if (decision === 'cancel' || decision === 'deny') return finish(request, reply, interaction, denied)
      if (decision === 'sign-in') return signIn(request, reply, interaction, parts)
      if (decision === 'allow' && interaction.prompt === 'consent') return allow(request, reply, interaction, parts)
      throw new AppError('invalid-request', 'The form says nothing that can be done here')
    })
  }
}
