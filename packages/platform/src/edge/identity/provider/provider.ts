// The OpenID provider of this process: loaded when first needed, made anew when its keys have changed.
import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type PrivateJwk, signingKeys } from '../keys/signing-keys.ts'
import { createAdapter } from './adapter.ts'
import { configurationOf, secretFits } from './configuration.ts'
import { createIntrospection, introspectAccessTokens } from './introspection.ts'
import type { OidcProvider, ProviderOptions, ProviderParts } from './parts.ts'
import { finishTokens } from './token-answer.ts'

/** Handles a request of the provider's own addresses. */
export type ProviderHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** A made provider. */
export interface OpenProvider {
  readonly provider: OidcProvider
  readonly handle: ProviderHandler
  readonly keyIds: string
}

/** The provider of this process. */
export interface Providers {
  current(): Promise<OpenProvider>
  /** Looks whether keys have changed. */
  refresh(): Promise<void>
}

const idsOf = (keys: readonly PrivateJwk[]): string => keys.map((key) => String(key['kid'])).join(' ')

async function open(options: ProviderOptions, keys: readonly PrivateJwk[]): Promise<OpenProvider> {
  const module = await import('oidc-provider')
  const { default: Provider, errors } = module
  const usedBefore = (model: string): Error =>
    model === 'ReplayDetection'
      ? new errors.InvalidClientAuth('client assertion tokens must only be used once')
      : new errors.InvalidGrant('it was used before')
  const { sql, events, sealing, log } = options
  const cookieKey = createHmac('sha256', options.secret).update('xinglin identity cookies').digest('base64url')
  const parts: ProviderParts = {
    ...options,
    cookieKeys: [cookieKey],
    adapter: createAdapter({ sql, events, sealing, usedBefore }),
  }
  const provider = new Provider(options.issuer, configurationOf(parts, module, keys))
  provider.proxy = true // the gateway says how it was reached; see own-request.ts
  Object.defineProperty(provider.Client.prototype, 'compareClientSecret', {
    value(this: { readonly clientSecret?: string }, sent: string) {
      return secretFits(sent, this.clientSecret)
    },
  })
  provider.use(finishTokens(parts))
  provider.use(introspectAccessTokens(createIntrospection(parts, provider, keys)))
  provider.on('server_error', (_ctx, error) => log.error('identity.failed', { error }))
  return { provider, handle: provider.callback() as ProviderHandler, keyIds: idsOf(keys) }
}

/** Creates it; nothing is loaded before it is asked for. */
export function createProviders(options: ProviderOptions): Providers {
  const { sql, sealing, clock, log, settings } = options
  const keyParts = { sql, sealing, clock, log, keyDays: settings.keyDays }
  const state: { opening: Promise<OpenProvider> | undefined } = { opening: undefined }
  const begin = async (): Promise<OpenProvider> => open(options, await signingKeys(keyParts))
  return {
    current() {
      state.opening ??= begin().catch((error: unknown) => {
        state.opening = undefined
        throw error
      })
      return state.opening
    },
    async refresh() {
      if (state.opening === undefined) return
      const [now, keys] = [await state.opening, await signingKeys(keyParts)]
      if (idsOf(keys) !== now.keyIds) state.opening = open(options, keys)
    },
  }
}
