// HTTP of the OpenID provider: its addresses are handed to it raw; discovery for OpenID and SMART.
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { assertionAlgorithms } from './clients/client.ts'
import { ownRequest, redirectToIssuer } from './own-request.ts'
import type { Providers } from './provider/provider.ts'
import { advertisedScopes } from './scopes.ts'

/** What the routes need. */
export interface OidcRouteParts {
  readonly providers: Providers
  readonly issuer: string
}

const open = { config: { public: true } } as const
const discoveryPaths = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
const smartPaths = ['/fhir/.well-known/smart-configuration', '/.well-known/smart-configuration']
const Texts = Type.Array(Type.String())

const SmartConfiguration = Type.Object({
  issuer: Type.String(),
  jwks_uri: Type.String(),
  authorization_endpoint: Type.String(),
  token_endpoint: Type.String(),
  revocation_endpoint: Type.String(),
  introspection_endpoint: Type.String(),
  management_endpoint: Type.String(),
  grant_types_supported: Texts,
  response_types_supported: Texts,
  scopes_supported: Texts,
  code_challenge_methods_supported: Texts,
  token_endpoint_auth_methods_supported: Texts,
  token_endpoint_auth_signing_alg_values_supported: Texts,
  capabilities: Texts,
})

// The SMART App Launch 2.2 document: where the endpoints are and what this server can do.
function smartConfiguration(issuer: string) {
  return {
    issuer,
    jwks_uri: `${issuer}/oidc/jwks`,
    authorization_endpoint: `${issuer}/oidc/auth`,
    token_endpoint: `${issuer}/oidc/token`,
    revocation_endpoint: `${issuer}/oidc/token/revocation`,
    introspection_endpoint: `${issuer}/oidc/token/introspection`,
    management_endpoint: `${issuer}/app/account`,
    grant_types_supported: ['authorization_code', 'client_credentials'],
    response_types_supported: ['code'],
    scopes_supported: [...advertisedScopes],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    capabilities: [
      'launch-standalone',
      'client-public',
      'client-confidential-symmetric',
      'client-confidential-asymmetric',
      'sso-openid-connect',
      'context-standalone-patient',
      'permission-offline',
      'permission-patient',
      'permission-user',
      'permission-v1',
      'permission-v2',
    ],
  }
}

/** The routes of the provider and of discovery. */
export function oidcRoutes({ providers, issuer }: OidcRouteParts): FastifyPluginAsync {
  const smart = smartConfiguration(issuer)
  const hand = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { handle } = await providers.current()
    reply.hijack()
    await handle(ownRequest(request.raw, issuer), reply.raw)
  }
  return async (app) => {
    // The provider reads its forms itself.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const path of smartPaths) {
      app.get(path, { ...open, schema: { response: { 200: SmartConfiguration } } }, async (_request, reply) => {
        reply.header('access-control-allow-origin', '*').header('cache-control', 'public, max-age=300')
        return smart
      })
    }
    for (const path of [...discoveryPaths, '/oidc/jwks'])
      app.route({ ...open, method: ['GET', 'OPTIONS'], url: path, handler: hand })
    for (const path of ['/oidc/token', '/oidc/token/introspection', '/oidc/token/revocation']) {
      app.route({ ...open, method: ['POST', 'OPTIONS'], url: path, handler: hand })
    }
    app.get('/oidc/auth', open, async (request, reply) => {
      const elsewhere = redirectToIssuer(request.raw, issuer)
      if (elsewhere === undefined) return hand(request, reply)
      return reply.redirect(elsewhere, 307)
    })
    app.get('/oidc/auth/:uid', open, hand)
  }
}
