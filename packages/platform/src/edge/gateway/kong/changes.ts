// Decides what a call of the admin API changes: complete entities with resolved references and unique names (pure).
import { type Entity, type Kind, type KongState, kinds } from './entities.ts'
import { type CheckedFields, checkFields, type SentFields } from './fields.ts'
import { kindFacts, referenceKinds } from './kinds.ts'
import { missingReference, schemaViolation, stillReferenced, uniqueViolation } from './kong-error.ts'
import { checkPluginConfig } from './plugin-schemas.ts'
import { keyFault } from './schemas.ts'

/** What a new entity is made with. */
export interface NewEntity {
  readonly id: string
  readonly nowSeconds: number
  /** A random text for a key or secret that was not sent. */
  readonly newKey: () => string
}

type Values = Readonly<Record<string, unknown>>

/** Finds an entity by id or by name (a consumer by username, a credential by key). */
export function findEntity(state: KongState, kind: Kind, idOrName: string): Entity | undefined {
  return findAmong(state[kind], kind, idOrName)
}

/** Finds an entity of a list by id or by name. */
export function findAmong(entities: readonly Entity[], kind: Kind, idOrName: string): Entity | undefined {
  return (
    entities.find((one) => one.id === idOrName) ??
    entities.find((one) => kindFacts[kind].names.some((field) => one[field] === idOrName))
  )
}

/** Turns the shorthand `url` of a service into protocol, host, port and path. */
export function expandUrl(sent: SentFields): SentFields {
  const { url, ...values } = sent.values
  if (url === undefined) return sent
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (
    parsed === undefined ||
    !/^(?:http|grpc)s?:$/.test(parsed.protocol) ||
    parsed.username !== '' ||
    parsed.search !== ''
  ) {
    throw schemaViolation({ url: 'expected a URL such as http://host:port/path without credentials and query' })
  }
  const protocol = parsed.protocol.slice(0, -1)
  const port = parsed.port === '' ? (protocol.endsWith('s') ? 443 : 80) : Number(parsed.port)
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const path = parsed.pathname === '/' || parsed.pathname === '' ? null : parsed.pathname
  return { ...sent, values: { ...values, protocol, host, port, path } }
}

function resolveReferences(values: Values, state: KongState): Values {
  const resolved = Object.entries(referenceKinds).flatMap(([field, kind]) => {
    const reference = values[field] as { readonly id: string } | null | undefined
    if (reference === null || reference === undefined) return []
    const found = findEntity(state, kind, reference.id)
    if (found === undefined) throw missingReference(field, kind, reference.id)
    return [[field, { id: found.id }]]
  })
  return { ...values, ...Object.fromEntries(resolved) }
}

function checkUnique(kind: Kind, entity: Entity, state: KongState): void {
  const others: readonly Entity[] = state[kind].filter((one) => one.id !== entity.id)
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
  for (const key of kindFacts[kind].uniqueKeys) {
    if (entity[key[0] ?? ''] === null) continue
    if (!others.some((other) => key.every((field) => same(other[field], entity[field])))) continue
    throw uniqueViolation(Object.fromEntries(key.map((field) => [field, entity[field] ?? null])))
  }
}

function entityFaults(kind: Kind, values: Values): Values {
  if (kind === 'routes' && ['methods', 'hosts', 'paths'].every((field) => ((values[field] ?? []) as []).length === 0)) {
    return { '@entity': ["must set one of 'methods', 'hosts', 'headers', 'paths' when 'protocols' is 'http'"] }
  }
  if (kind === 'consumers' && values.username === null && values.custom_id === null) {
    return { '@entity': ["at least one of these fields must be non-empty: 'custom_id', 'username'"] }
  }
  if (kind === 'jwt_secrets') {
    const fault = keyFault(String(values.algorithm), values.rsa_public_key)
    if (fault !== undefined) return { rsa_public_key: fault }
  }
  return kind === 'plugins' ? scopeFaults(values) : {}
}

function scopeFaults({ name, consumer, consumer_group: group }: Values): Values {
  const isOfClients = name === 'rate-limiting'
  if (consumer !== null && group !== null) return { '@entity': ['a plugin is limited to a consumer or to a group'] }
  if (consumer !== null && !isOfClients)
    return { consumer: `value must be null: ${name} cannot be limited to a consumer` }
  if (group !== null && !isOfClients)
    return { consumer_group: `value must be null: ${name} cannot be limited to a group` }
  return {}
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

function withConfig(sent: SentFields, checked: CheckedFields, previous: Entity | undefined): CheckedFields {
  const name = asText(checked.values.name)
  const given = sent.values.config ?? {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { ...checked, faults: { ...checked.faults, config: 'expected a record' } }
  }
  const config = checkPluginConfig(
    name,
    { values: given as Values, isForm: sent.isForm },
    previous?.config as Values | undefined,
  )
  if (config === undefined) {
    const fault =
      name === '' ? {} : { name: `plugin '${name}' not enabled; add it to the 'plugins' configuration property` }
    return { ...checked, faults: { ...checked.faults, ...fault } }
  }
  const faults = Object.keys(config.faults).length === 0 ? {} : { config: config.faults }
  return { values: { ...checked.values, config: config.values }, faults: { ...checked.faults, ...faults } }
}

function check(kind: Kind, sent: SentFields, previous?: Entity): Values {
  const expanded = kind === 'services' ? expandUrl(sent) : sent
  if (kind !== 'plugins') {
    const { values, faults } = checkFields(kindFacts[kind].fields, expanded, previous)
    if (Object.keys(faults).length > 0) throw schemaViolation(faults)
    return values
  }
  const { config, ...rest } = expanded.values
  const fields = checkFields(kindFacts.plugins.fields, { ...expanded, values: rest }, previous)
  const { values, faults } = withConfig({ ...expanded, values: { config } }, fields, previous)
  if (Object.keys(faults).length > 0) throw schemaViolation(faults)
  return values
}

function complete(kind: Kind, values: Values, state: KongState): Values {
  const resolved = resolveReferences(values, state)
  const faults = entityFaults(kind, resolved)
  if (Object.keys(faults).length > 0) throw schemaViolation(faults)
  return resolved
}

/** A new entity. @throws KongError 400 or 409 */
export function createEntity(kind: Kind, sent: SentFields, state: KongState, made: NewEntity): Entity {
  const values = complete(kind, check(kind, sent), state)
  const keys =
    kind === 'jwt_secrets' ? { key: values.key ?? made.newKey(), secret: values.secret ?? made.newKey() } : {}
  const entity = { ...values, ...keys, id: made.id, created_at: made.nowSeconds, updated_at: made.nowSeconds } as Entity
  checkUnique(kind, entity, state)
  return entity
}

/** An entity with some fields changed. @throws KongError 400 or 409 */
export function patchEntity(
  kind: Kind,
  sent: SentFields,
  state: KongState,
  change: { before: Entity; nowSeconds: number },
): Entity {
  const { before, nowSeconds } = change
  const values = complete(kind, check(kind, sent, before), state)
  const entity = { ...before, ...values, updated_at: nowSeconds } as Entity
  checkUnique(kind, entity, state)
  return entity
}

/** Ids that go with an entity when it is deleted. @throws KongError 400 while routes point at a service */
export function deletedWith(kind: Kind, entity: Entity, state: KongState): readonly string[] {
  const points = (other: Entity, field: string): boolean => (other[field] as { id?: string } | null)?.id === entity.id
  if (kind === 'services' && state.routes.some((route) => points(route, 'service'))) {
    throw stillReferenced('services', 'routes')
  }
  const field = Object.entries(referenceKinds).find(([, target]) => target === kind)?.[0]
  if (field === undefined) return [entity.id]
  const dependents = kinds.flatMap((other): readonly Entity[] => state[other]).filter((other) => points(other, field))
  return [entity.id, ...dependents.map(({ id }) => id)]
}
