// A system that runs already as the field of experiments: its callers are led through proxies by the registry they ask.
import { AppError } from '@xinglin/core/errors'
import type { Guard } from '../guard/guard.ts'
import {
  isOwn,
  type RegisteredInstance,
  type RegistryAddress,
  registeredInstances,
  registeredServices,
} from '../registrations/registrations.ts'
import type { Field, FieldInstance, TrafficOrder } from '../run/field.ts'

/** The Kubernetes way is kubectl; here nobody would start again what was killed. */
function refuseProcesses(): never {
  throw new AppError(
    'unprocessable',
    'Processes of a running system are not killed or stopped from here, since nobody would start them again: use `xinglin chaos run`, or kubectl',
  )
}

/** Creates the field; the guard takes everything back. */
export function runningField(registry: RegistryAddress, guard: Guard): Field {
  const known = new Map<string, RegisteredInstance>()
  const led = new Set<string>()

  const lead = async (id: string): Promise<void> => {
    const instance = known.get(id)
    if (instance === undefined || led.has(id)) return
    if (isOwn(instance) && instance.checkUrl === undefined)
      throw new AppError('unavailable', `${instance.service} ${id} has just come; try again`)
    await guard.order({ kind: 'open', name: id, host: instance.address, port: instance.port })
    const isLed = await guard.order<boolean>({ kind: 'lead', registry, instance, name: id, isForGood: false })
    if (!isLed) throw new AppError('unavailable', `${instance.service} ${id} has just left; try again`)
    led.add(id)
  }

  return {
    async instances() {
      const names = await registeredServices(registry)
      const all = (await Promise.all(names.map((name) => registeredInstances(registry, name)))).flat()
      for (const instance of all) if (!led.has(instance.id)) known.set(instance.id, instance)
      return all.map(({ id, service }): FieldInstance => ({ id, service, process: undefined }))
    },
    async harm({ id, instances, inbound, outbound, peers }: TrafficOrder) {
      if (peers !== undefined) {
        throw new AppError('unprocessable', 'In a running system a fault meets every caller: leave `target` out')
      }
      const names = instances.map((instance) => instance.id)
      for (const name of names) await lead(name)
      await guard.order({ kind: 'harm', id, names, inbound, outbound, clients: undefined })
    },
    heal: (id) => guard.order({ kind: 'heal', id }),
    stress: (id, fault) => guard.order({ kind: 'stress', id, fault }),
    kill: async () => refuseProcesses(),
    freeze: async () => refuseProcesses(),
    thaw: async () => refuseProcesses(),
    async resolve(url) {
      if (url.hostname === '127.0.0.1' || url.hostname === 'localhost') return url
      throw new AppError('not-found', `${url.hostname} is not known here; ask by http://127.0.0.1:<port>`)
    },
  }
}
