// What an instance of the platform registers, in Consul's shape: for the embedded registry and for a real Consul alike.
import type { Registry } from './ports.ts'
import { serviceHostName } from './transport.ts'

// One look that comes late on a busy machine is no failure yet; who calls a process that is gone notices at once.
const failuresBeforeCritical = 2

/** Body of `PUT /v1/agent/service/register`: its health address, else its port, is looked at every two seconds. */
export function registrationBody(instance: Parameters<Registry['register']>[0]): Readonly<Record<string, unknown>> {
  const { id, service, address, port, tags, checkUrl } = instance
  const isSecure = checkUrl?.startsWith('https:') === true
  const host = address.includes(':') ? `[${address}]` : address
  return {
    ID: id,
    Name: service,
    Address: address,
    Port: port,
    Tags: tags,
    Check: {
      ...(checkUrl === undefined ? { TCP: `${host}:${port}` } : { HTTP: checkUrl }),
      ...(isSecure ? { TLSServerName: serviceHostName(service) } : {}),
      Interval: '2s',
      Timeout: '2s',
      FailuresBeforeCritical: failuresBeforeCritical,
      DeregisterCriticalServiceAfter: '1m',
    },
  }
}
