// Hands a verified caller to a service in the same process; nothing that comes over the network can set it.
import type { IncomingMessage } from 'node:http'
import type { Caller } from './caller.ts'

const key = Symbol('xinglin.caller')

interface Carrier {
  readonly [key]?: Caller
}

/** A deep-frozen copy of a caller. */
export function frozenCaller(caller: Caller): Caller {
  return Object.freeze({
    ...caller,
    roles: Object.freeze([...caller.roles]),
    scopes: Object.freeze([...caller.scopes]),
  })
}

/** Attaches the verified caller to a request before it is routed to a local service; a second attachment throws. */
export function attachCaller(request: IncomingMessage, caller: Caller): void {
  Object.defineProperty(request, key, { value: Object.isFrozen(caller) ? caller : frozenCaller(caller) })
}

/** The caller attached in this process, if any. */
export function attachedCaller(request: IncomingMessage): Caller | undefined {
  return (request as Carrier)[key]
}
