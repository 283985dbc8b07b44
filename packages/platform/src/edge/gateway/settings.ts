// The gateway's settings.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set at the gateway. */
export const gatewaySettings = {
  host: { env: 'HOST', kind: 'text', fallback: '127.0.0.1', about: 'Address the gateway listens on' },
  port: { env: 'PORT', kind: 'port', fallback: 8080, about: 'Port of the gateway' },
  isBehindTls: {
    env: 'GATEWAY_BEHIND_TLS',
    kind: 'boolean',
    fallback: false,
    about: 'Something in front ends TLS (proxy, ingress, mesh): without it HOST must be a loopback address',
  },
  tlsHost: {
    env: 'GATEWAY_TLS_HOST',
    kind: 'text',
    about:
      'Address of a second port that speaks TLS, for other machines; none when unset (`xinglin start --lan` sets it)',
  },
  tlsPort: { env: 'GATEWAY_TLS_PORT', kind: 'port', fallback: 8443, about: 'Port of the gateway for TLS' },
  tlsCertificate: {
    env: 'GATEWAY_TLS_CERT',
    kind: 'text',
    about: 'PEM file of the certificate, with its chain, for that port',
  },
  tlsKey: { env: 'GATEWAY_TLS_KEY', kind: 'text', about: 'PEM file of the private key of that certificate' },
  tlsAuthority: {
    env: 'GATEWAY_TLS_CA',
    kind: 'text',
    about: 'PEM file of an own authority behind that certificate; the gateway hands it out under /ca.crt',
  },
  adminHost: {
    env: 'KONG_ADMIN_HOST',
    kind: 'text',
    fallback: '127.0.0.1',
    about: 'Address of the Kong-shaped admin API',
  },
  adminPort: { env: 'KONG_ADMIN_PORT', kind: 'port', fallback: 8001, about: 'Port of the Kong-shaped admin API' },
  adminToken: {
    env: 'KONG_ADMIN_TOKEN',
    kind: 'text',
    secret: true,
    min: 16,
    about: 'Wanted in the header Kong-Admin-Token; must be set when the admin API listens beyond loopback',
  },
  allowedHosts: {
    env: 'GATEWAY_ALLOWED_HOSTS',
    kind: 'list',
    fallback: [],
    about: 'Host names with dots by which the admin API and demo sign-in may be called (wall against DNS rebinding)',
  },
  demo: {
    env: 'DEMO',
    kind: 'boolean',
    about: 'Demo people who can sign in without a secret; default on when the gateway listens on loopback only',
  },
  ratePerSecond: {
    env: 'RATE_LIMIT_PER_SECOND',
    kind: 'integer',
    fallback: 5000,
    min: 1,
    max: 1_000_000,
    about: 'Requests a second of one consumer (or address, without credential) on product routes',
    isLive: true,
  },
  rateBurst: {
    env: 'RATE_LIMIT_BURST',
    kind: 'integer',
    fallback: 10_000,
    min: 1,
    max: 1_000_000,
    about: 'Requests that may come at once before the rate applies',
    isLive: true,
  },
  maxBodyBytes: {
    env: 'GATEWAY_MAX_BODY_BYTES',
    kind: 'integer',
    fallback: 67_108_864,
    min: 1024,
    about: 'Largest request body; services and plugins may set less',
  },
  maxBodiesBytes: {
    env: 'GATEWAY_MAX_BODIES_BYTES',
    kind: 'integer',
    fallback: 268_435_456,
    min: 1_048_576,
    about: 'Bytes of all request bodies under way together; what would go beyond is answered 503 with Retry-After',
  },
  maxInFlight: {
    env: 'GATEWAY_MAX_IN_FLIGHT',
    kind: 'integer',
    fallback: 2000,
    min: 1,
    max: 1_000_000,
    about: 'Requests under way together; more are answered 503 with Retry-After',
  },
  maxLoopDelayMs: {
    env: 'GATEWAY_MAX_LOOP_DELAY_MS',
    kind: 'integer',
    fallback: 1000,
    min: 10,
    max: 60_000,
    about: 'How late the event loop may be, on average over a second, before requests are answered 503',
  },
  upstreamTimeoutMs: {
    env: 'GATEWAY_TIMEOUT_MS',
    kind: 'integer',
    fallback: 60_000,
    min: 10,
    max: 3_600_000,
    about: 'How long a service in another process may take until it begins to answer',
  },
  tokenMaxLifetimeSeconds: {
    env: 'TOKEN_MAX_LIFETIME_SECONDS',
    kind: 'integer',
    fallback: 86_400,
    min: 60,
    max: 31_536_000,
    about: 'Longest time until exp that a token on product routes may have',
  },
  trustedIssuers: {
    env: 'TRUSTED_ISSUERS',
    kind: 'text',
    about:
      'Issuers outside whose tokens are accepted, as a JSON list: [{"issuer", "jwksUrl", "audience", "roleClaim", "roles", …}]; see docs/identity.md',
  },
  corsOrigins: {
    env: 'CORS_ORIGINS',
    kind: 'list',
    fallback: [],
    about: 'Origins of other web pages that may call product routes, e.g. https://app.example.org',
  },
  trustedProxies: {
    env: 'TRUSTED_PROXIES',
    kind: 'list',
    fallback: [],
    about: 'Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed',
  },
} as const satisfies SettingSpecs
