// The config of the plugins that this gateway has, with Kong 3.9's field names and defaults (pure).
import { periods } from '../limits/window-count.ts'
import { type CheckedFields, checkFields, type FieldRules, type SentFields } from './fields.ts'

const limit = { kind: 'number', min: 1 } as const

/** Checks of a plugin's config by the plugin's name. */
export const pluginConfigs: Readonly<Record<string, FieldRules>> = {
  jwt: {
    uri_param_names: { kind: 'texts', fallback: ['jwt'] },
    cookie_names: { kind: 'texts', fallback: [] },
    header_names: { kind: 'texts', fallback: ['authorization'] },
    key_claim_name: { kind: 'text', fallback: 'iss' },
    secret_is_base64: { kind: 'boolean', fallback: false },
    claims_to_verify: { kind: 'texts', oneOf: ['exp', 'nbf'] },
    anonymous: { kind: 'text', isFixed: true, fallback: null },
    run_on_preflight: { kind: 'boolean', fallback: true },
    maximum_expiration: { kind: 'number', fallback: 0, max: 31_536_000 },
    realm: { kind: 'text', check: (text) => (/^[\w .-]+$/.test(text) ? undefined : 'invalid realm') },
  },
  'rate-limiting': {
    ...Object.fromEntries(periods.map((period) => [period, limit])),
    limit_by: { kind: 'text', fallback: 'consumer', oneOf: ['consumer', 'credential', 'ip', 'service'] },
    policy: { kind: 'text', fallback: 'local', oneOf: ['local'] },
    fault_tolerant: { kind: 'boolean', fallback: true },
    hide_client_headers: { kind: 'boolean', fallback: false },
    error_code: { kind: 'number', fallback: 429, isFixed: true },
    error_message: { kind: 'text', fallback: 'API rate limit exceeded' },
  },
  cors: {
    origins: { kind: 'texts', fallback: null },
    methods: {
      kind: 'texts',
      fallback: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'],
    },
    headers: { kind: 'texts' },
    exposed_headers: { kind: 'texts' },
    max_age: { kind: 'number', max: 86_400 },
    credentials: { kind: 'boolean', fallback: false },
    preflight_continue: { kind: 'boolean', fallback: false },
    private_network: { kind: 'boolean', fallback: false, isFixed: true },
    allow_origin_absent: { kind: 'boolean', fallback: true },
  },
  acl: {
    allow: { kind: 'texts', max: 256 },
    deny: { kind: 'texts', max: 256 },
    hide_groups_header: { kind: 'boolean', fallback: false },
    include_consumer_groups: { kind: 'boolean', fallback: false },
    always_use_authenticated_groups: { kind: 'boolean', fallback: false, isFixed: true },
  },
  'request-size-limiting': {
    allowed_payload_size: { kind: 'integer', fallback: 128, min: 1, max: 4096 },
    size_unit: { kind: 'text', fallback: 'megabytes', oneOf: ['megabytes', 'kilobytes', 'bytes'] },
    require_content_length: { kind: 'boolean', fallback: false },
  },
}

/** Fields of a plugin; `config` is checked apart. */
export const pluginFields: FieldRules = {
  name: { kind: 'text', isRequired: true, max: 128 },
  instance_name: { kind: 'text', max: 128 },
  enabled: { kind: 'boolean', fallback: true },
  protocols: { kind: 'texts', fallback: ['http', 'https'], oneOf: ['grpc', 'grpcs', 'http', 'https'] },
  ordering: { kind: 'reference', isFixed: true, fallback: null },
  tags: { kind: 'texts', max: 128 },
  service: { kind: 'reference' },
  route: { kind: 'reference' },
  consumer: { kind: 'reference' },
  consumer_group: { kind: 'reference' },
}

function headerWord(text: unknown): boolean {
  return typeof text === 'string' && /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(text)
}

function ruleFaults(name: string, config: Readonly<Record<string, unknown>>): readonly string[] {
  if (name === 'rate-limiting') {
    const given = periods.filter((period) => typeof config[period] === 'number')
    if (given.length === 0)
      return [`at least one of these fields must be non-empty: ${periods.map((p) => `'config.${p}'`).join(', ')}`]
    return given.flatMap((period, index) => {
      const next = given[index + 1]
      const isWrong = next !== undefined && Number(config[next]) < Number(config[period])
      return isWrong
        ? [`The limit for ${next}(${config[next]}) cannot be lower than the limit for ${period}(${config[period]})`]
        : []
    })
  }
  if (name === 'cors') {
    const lists = [config.headers, config.exposed_headers, config.methods].flatMap((list) => (list ?? []) as unknown[])
    if (!lists.every(headerWord)) return ['headers, exposed_headers and methods must be HTTP tokens']
    const isOpen = ((config.origins ?? ['*']) as readonly string[]).includes('*')
    if (isOpen && config.credentials === true) return ['credentials need the origins by name, not *']
  }
  if (name === 'acl') {
    const given = [config.allow, config.deny].filter((list) => ((list ?? []) as readonly string[]).length > 0).length
    if (given === 0) return ["at least one of these fields must be non-empty: 'config.allow', 'config.deny'"]
    if (given === 2) return ["only one of these fields must be non-empty: 'config.allow', 'config.deny'"]
  }
  if (name === 'jwt') {
    const names = [config.header_names, config.cookie_names].flatMap((list) => (list ?? []) as unknown[])
    if (!names.every(headerWord)) return ['header_names and cookie_names must be HTTP tokens']
  }
  return []
}

/** Checks a plugin's config; undefined when the plugin is not known. */
export function checkPluginConfig(
  name: string,
  sent: SentFields,
  previous?: Readonly<Record<string, unknown>>,
): CheckedFields | undefined {
  const rules = Object.hasOwn(pluginConfigs, name) ? pluginConfigs[name] : undefined
  if (rules === undefined) return undefined
  const checked = checkFields(rules, sent, previous)
  if (Object.keys(checked.faults).length > 0) return checked
  const faults = ruleFaults(name, checked.values)
  return faults.length === 0 ? checked : { values: checked.values, faults: { '@entity': faults } }
}
