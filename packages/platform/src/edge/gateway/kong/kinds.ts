// What each kind of entity consists of: its fields, what must be unique, by which names it is found, what it points at (pure).
import type { Kind } from './entities.ts'
import type { FieldRules } from './fields.ts'
import { pluginFields } from './plugin-schemas.ts'
import { consumerFields, jwtSecretFields, routeFields, serviceFields } from './schemas.ts'
import { aclFields, consumerGroupFields, membershipFields, targetFields, upstreamFields } from './traffic-schemas.ts'

/** The facts of one kind. */
export interface KindFacts {
  readonly fields: FieldRules
  /** Each list is one unique key; entities in which the first field is null are not compared. */
  readonly uniqueKeys: readonly (readonly string[])[]
  /** Fields by which an entity is found besides its id. */
  readonly names: readonly string[]
}

/** The facts of every kind. */
export const kindFacts: Readonly<Record<Kind, KindFacts>> = {
  services: { fields: serviceFields, uniqueKeys: [['name']], names: ['name'] },
  routes: { fields: routeFields, uniqueKeys: [['name']], names: ['name'] },
  plugins: {
    fields: pluginFields,
    uniqueKeys: [['name', 'service', 'route', 'consumer', 'consumer_group'], ['instance_name']],
    names: ['instance_name'],
  },
  consumers: { fields: consumerFields, uniqueKeys: [['username'], ['custom_id']], names: ['username'] },
  jwt_secrets: {
    fields: { ...jwtSecretFields, consumer: { kind: 'reference', isRequired: true } },
    uniqueKeys: [['key']],
    names: ['key'],
  },
  acls: { fields: aclFields, uniqueKeys: [['group', 'consumer']], names: ['group'] },
  consumer_groups: { fields: consumerGroupFields, uniqueKeys: [['name']], names: ['name'] },
  consumer_group_consumers: { fields: membershipFields, uniqueKeys: [['consumer_group', 'consumer']], names: [] },
  upstreams: { fields: upstreamFields, uniqueKeys: [['name']], names: ['name'] },
  targets: { fields: targetFields, uniqueKeys: [['target', 'upstream']], names: ['target'] },
}

/** The kind that a reference's field points at. */
export const referenceKinds: Readonly<Record<string, Kind>> = {
  service: 'services',
  route: 'routes',
  consumer: 'consumers',
  consumer_group: 'consumer_groups',
  upstream: 'upstreams',
}
