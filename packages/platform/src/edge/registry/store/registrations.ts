// SQL that registers and takes away services and checks.
import { isDeepStrictEqual } from 'node:util'
import { ConsulError } from '../consul-error.ts'
import type { NewCheck } from '../definitions/check.ts'
import type { NewService } from '../definitions/service.ts'
import { countCatalog, maxChecks, maxServices, readChecks, readServices } from './catalog-store.ts'
import { type Change, serviceTopic } from './changes.ts'
import { destroySessionsOfChecks } from './session-store.ts'

/** A check with the id under which it is kept. */
export type IdentifiedCheck = NewCheck & { readonly id: string }

interface Owner {
  readonly id: string
  readonly name: string
}

/** Marks what a change of a service's checks touches. */
export function touchChecks(change: Change, serviceNames: Iterable<string>): void {
  change.touch('checks')
  for (const name of serviceNames) if (name !== '') change.touch(serviceTopic(name))
}

async function refuseWhenFull(change: Change, added: { services: number; checks: number }): Promise<void> {
  const { services, checks } = await countCatalog(change.tx)
  if (services + added.services > maxServices || checks + added.checks > maxChecks) {
    throw new ConsulError(
      429,
      `The registry is full (${maxServices} services, ${maxChecks} checks); deregister some first`,
    )
  }
}

async function putService(change: Change, { id, name, definition }: NewService): Promise<void> {
  const [before] = await readServices(change.tx, { id })
  if (before?.name === name && isDeepStrictEqual(before.definition, definition)) return
  if (before === undefined) await refuseWhenFull(change, { services: 1, checks: 0 })
  await change.tx.query({
    text: `INSERT INTO registry.service (id, name, definition, create_index, modify_index) VALUES ($1, $2, $3, $4, $4)
           ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, definition = EXCLUDED.definition,
             modify_index = EXCLUDED.modify_index`,
    values: [id, name, JSON.stringify(definition), await change.index()],
  })
  change.touch('services')
  touchChecks(change, before === undefined ? [name] : [name, before.name])
}

// A check that is registered again keeps what it knows: services register again and again.
async function putCheck(change: Change, check: IdentifiedCheck, owner: Owner | undefined): Promise<void> {
  const { id, definition, deregisterAfterMs } = check
  const ttlMs = definition.probe.kind === 'ttl' ? definition.probe.ttlMs : null
  const [before] = await readChecks(change.tx, { id })
  if (before === undefined) await refuseWhenFull(change, { services: 0, checks: 1 })
  const isSame = before?.serviceId === (owner?.id ?? null) && isDeepStrictEqual(before?.definition, definition)
  await change.tx.query({
    text: `INSERT INTO registry.health_check
             (id, service_id, definition, status, output, ttl_ms, ttl_until, deregister_after_ms, critical_since,
              create_index, modify_index)
           VALUES ($1, $2, $3, $4, $5, $6::float8, clock_timestamp() + $6::float8 * interval '1 ms', $7,
                   CASE WHEN $4 = 'critical' THEN clock_timestamp() END, $8, $8)
           ON CONFLICT (id) DO UPDATE SET service_id = EXCLUDED.service_id, definition = EXCLUDED.definition,
             ttl_ms = EXCLUDED.ttl_ms, ttl_until = EXCLUDED.ttl_until,
             deregister_after_ms = EXCLUDED.deregister_after_ms,
             critical_since = CASE WHEN health_check.status = 'critical' THEN clock_timestamp() END,
             modify_index = CASE WHEN $9 THEN health_check.modify_index ELSE EXCLUDED.modify_index END`,
    values: [
      id,
      owner?.id,
      JSON.stringify(definition),
      check.initialStatus,
      check.initialOutput,
      ttlMs,
      deregisterAfterMs,
      isSame ? before.modifyIndex : await change.index(),
      isSame,
    ],
  })
  if (isSame) return
  touchChecks(change, [owner?.name ?? '', before?.serviceName ?? ''])
}

/** Registers a service with its checks, anew or again; `replacesChecks` takes away those not named now. */
export async function registerService(change: Change, service: NewService, replacesChecks = false): Promise<void> {
  await putService(change, service)
  for (const check of service.checks) {
    const [other] = await readChecks(change.tx, { id: check.id })
    if (other !== undefined && other.serviceId !== service.id) {
      throw new ConsulError(400, `Invalid check: the CheckID "${check.id}" belongs to another service`)
    }
    await putCheck(change, check, service)
  }
  if (!replacesChecks) return
  const kept = new Set(service.checks.map(({ id }) => id))
  const all = await readChecks(change.tx, { serviceName: service.name })
  const dropped = all.filter((check) => check.serviceId === service.id && !kept.has(check.id))
  for (const { id } of dropped) await deregisterCheck(change, id)
}

/** Takes a service and its checks away; false when there is none. */
export async function deregisterService(change: Change, id: string): Promise<boolean> {
  const [service] = await readServices(change.tx, { id })
  if (service === undefined) return false
  const checks = await readChecks(change.tx, { serviceName: service.name })
  const own = checks.filter((check) => check.serviceId === id).map((check) => check.id)
  await destroySessionsOfChecks(change, own)
  await change.tx.query({ text: 'DELETE FROM registry.service WHERE id = $1', values: [id] })
  change.touch('services')
  touchChecks(change, [service.name])
  return true
}

/** Registers a check of a service that is there, or of the node. @throws ConsulError 404 when the service is not there */
export async function registerCheck(
  change: Change,
  check: IdentifiedCheck,
  serviceId: string | undefined,
): Promise<void> {
  if (serviceId === undefined) return putCheck(change, check, undefined)
  const [service] = await readServices(change.tx, { id: serviceId })
  if (service === undefined) throw new ConsulError(404, `ServiceID "${serviceId}" does not exist`)
  return putCheck(change, check, service)
}

/** Takes a check away; false when there is none. */
export async function deregisterCheck(change: Change, id: string): Promise<boolean> {
  const [check] = await readChecks(change.tx, { id })
  if (check === undefined) return false
  await destroySessionsOfChecks(change, [id])
  await change.tx.query({ text: 'DELETE FROM registry.health_check WHERE id = $1', values: [id] })
  if (check.serviceId !== null) await change.index()
  touchChecks(change, [check.serviceName])
  return true
}
