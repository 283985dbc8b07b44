// Field names, defaults and limits of Kong 3.9's services, routes, consumers and JWT credentials (Kong admin API reference).
import { createPublicKey, type KeyObject } from 'node:crypto'
import { roles } from '../../../kernel/caller.ts'
import type { FieldRules } from './fields.ts'

const maxTimeoutMs = 2_147_483_646
const tokenName = /^[\p{L}\p{N}._~-]+$/u
const hostName = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?$|^[0-9a-fA-F:]+$/
const hostPattern = /^(\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?(\.\*)?$/
const plainPath = /^\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$/
const httpMethod = /^[A-Z]{1,20}$/
const minRsaBits = 2048
const protocols = ['http', 'https', 'grpc', 'grpcs'] as const

const fixed = (fallback: unknown = null) => ({ kind: 'text', fallback, isFixed: true }) as const
const fixedTexts = (fallback: unknown = null) => ({ kind: 'texts', fallback, isFixed: true }) as const
const timeout = { kind: 'integer', fallback: 60_000, min: 1, max: maxTimeoutMs } as const

function checkName(text: string): string | undefined {
  return tokenName.test(text)
    ? undefined
    : `invalid value '${text.slice(0, 60)}': the only accepted ascii characters are alphanumerics or ., -, _, and ~`
}

function checkPath(text: string): string | undefined {
  if (text.startsWith('~')) return 'regular expressions are not supported by this gateway; use a prefix'
  if (!text.startsWith('/')) return 'should start with: /'
  if (/(^|\/)\.{1,2}(\/|$)|\/\//.test(text)) return 'must not have empty or dot segments'
  return plainPath.test(text) ? undefined : 'invalid path: it has characters that must be escaped'
}

function checkTag(text: string): string | undefined {
  if (/[,/\p{Cc}]/u.test(text)) return "invalid tag: expected printable text without ',' and '/'"
  if (!text.startsWith('role:')) return undefined
  const role = text.slice('role:'.length)
  const isKnown = role !== 'system' && roles.some((known) => known === role)
  return isKnown ? undefined : `unknown role; expected one of: ${roles.filter((one) => one !== 'system').join(', ')}`
}

/** Tags of any entity. */
export const tags = { kind: 'texts', max: 128, check: checkTag } as const
/** Names of services, routes and groups. */
export const name = { kind: 'text', max: 128, check: checkName } as const

/** Fields of a service; `url` is shorthand that {@link expandUrl} resolves before. */
export const serviceFields: FieldRules = {
  name,
  retries: { kind: 'integer', fallback: 5, max: 32_767 },
  protocol: { kind: 'text', fallback: 'http', oneOf: protocols },
  host: { kind: 'text', isRequired: true, max: 255, check: badHost },
  port: { kind: 'integer', fallback: 80, max: 65_535 },
  path: { kind: 'text', check: checkPath, max: 1024 },
  connect_timeout: timeout,
  write_timeout: timeout,
  read_timeout: timeout,
  tags,
  client_certificate: fixed(),
  tls_verify: { kind: 'boolean', isFixed: true, fallback: null },
  tls_verify_depth: { kind: 'integer', isFixed: true, fallback: null },
  ca_certificates: fixedTexts(),
  enabled: { kind: 'boolean', fallback: true },
}

/** Fields of a route. */
export const routeFields: FieldRules = {
  name,
  protocols: { kind: 'texts', fallback: ['http', 'https'], oneOf: protocols },
  methods: { kind: 'texts', check: (text) => (httpMethod.test(text) ? undefined : `invalid value: ${text}`) },
  hosts: {
    kind: 'texts',
    max: 255,
    check: (text) => (hostPattern.test(text) ? undefined : `invalid hostname: ${text}`),
  },
  paths: { kind: 'texts', max: 1024, check: checkPath },
  headers: { kind: 'reference', isFixed: true, fallback: null },
  https_redirect_status_code: { kind: 'integer', fallback: 426, isFixed: true },
  regex_priority: { kind: 'integer', fallback: 0, isFixed: true },
  strip_path: { kind: 'boolean', fallback: true },
  path_handling: { kind: 'text', fallback: 'v0', isFixed: true },
  preserve_host: { kind: 'boolean', fallback: false },
  request_buffering: { kind: 'boolean', fallback: true },
  response_buffering: { kind: 'boolean', fallback: true },
  snis: fixedTexts(),
  sources: fixedTexts(),
  destinations: fixedTexts(),
  tags,
  service: { kind: 'reference' },
}

/** Fields of a consumer; tags `role:<role>` and `patient:<id>` say what it may do (none: role `frontend`). */
export const consumerFields: FieldRules = {
  username: { kind: 'text', max: 128, check: badText },
  custom_id: { kind: 'text', max: 128, check: badText },
  tags,
}

/** Algorithms of credentials. */
export const algorithms = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'EdDSA'] as const

/** One of {@link algorithms}. */
export type Algorithm = (typeof algorithms)[number]

/** Fields of a JWT credential; key and secret are made when they are not sent. */
export const jwtSecretFields: FieldRules = {
  key: { kind: 'text', max: 256, check: badText },
  secret: { kind: 'text', max: 1024 },
  algorithm: { kind: 'text', fallback: 'HS256', oneOf: algorithms },
  rsa_public_key: { kind: 'text' },
  tags,
}

/** What is wrong with a text that people read, if anything. */
export function badText(text: string): string | undefined {
  return /\p{Cc}/u.test(text) ? 'must not have control characters' : undefined
}

/** What is wrong with a host name or address, if anything. */
export function badHost(text: string): string | undefined {
  return hostName.test(text) ? undefined : `invalid value: ${text.slice(0, 60)}`
}

function publicKey(pem: string): KeyObject | undefined {
  if (/PRIVATE KEY/.test(pem)) return undefined // a private key has no business here
  try {
    return createPublicKey(pem)
  } catch {
    return undefined
  }
}

/** What is wrong with a credential's key for its algorithm, if anything; an elliptic or EdDSA key stands in `rsa_public_key` too. */
export function keyFault(algorithm: string, pem: unknown): string | undefined {
  if (algorithm.startsWith('HS')) return undefined
  if (typeof pem !== 'string') return 'required field missing'
  const key = publicKey(pem)
  const details = key?.asymmetricKeyDetails
  const fits: Readonly<Record<string, boolean>> = {
    RS: key?.asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= minRsaBits,
    ES: details?.namedCurve === (algorithm === 'ES256' ? 'prime256v1' : 'secp384r1'),
    Ed: key?.asymmetricKeyType === 'ed25519',
  }
  return fits[algorithm.slice(0, 2)] === true ? undefined : `invalid key: expected a public key in PEM for ${algorithm}`
}
