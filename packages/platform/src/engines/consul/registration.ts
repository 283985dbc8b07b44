// Keeps one instance registered: looks now and then whether the registry still knows it, and registers it again when not.
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { Logger, Registry } from '../../kernel/ports.ts'
import { registrationBody } from '../../kernel/registration-body.ts'
import type { ConsulHttp } from './consul-http.ts'

/** What the platform registers. */
export type NewInstance = Parameters<Registry['register']>[0]

/** A kept registration. */
export interface Registration {
  /** Stops keeping it; `deregister` is another call. */
  stop(): Promise<void>
}

const callMs = 3000
const lookEveryMs = 5000
const retryMs = 1000

async function register(http: ConsulHttp, instance: NewInstance): Promise<void> {
  const path = '/v1/agent/service/register?replace-existing-checks=true'
  const { status, text } = await http.call({ method: 'PUT', path, body: registrationBody(instance), timeoutMs: callMs })
  if (status === 200) return
  const isOurs = status >= 400 && status < 500 && status !== 429
  throw new AppError(
    isOurs ? 'invalid-request' : 'unavailable',
    `The registry refused: ${status} ${text.slice(0, 200)}`,
  )
}

async function isKnown(http: ConsulHttp, id: string): Promise<boolean> {
  const path = `/v1/agent/service/${encodeURIComponent(id)}`
  const { status } = await http.call({ method: 'GET', path, timeoutMs: callMs })
  if (status === 200) return true
  if (status === 404) return false
  throw new AppError('unavailable', `The registry answered ${status}`)
}

/**
 * Registers an instance and keeps it so. A registry that cannot be reached is tried again later.
 * @throws AppError 'invalid-request' when the registry refuses what is registered
 */
export async function keepRegistered(http: ConsulHttp, log: Logger, instance: NewInstance): Promise<Registration> {
  const stopping = new AbortController()
  const { id, service } = instance

  const ensure = async (): Promise<boolean> => {
    try {
      if (await isKnown(http, id)) return true
      await register(http, instance)
      log.info('registry.registered-again', { id, service })
      return true
    } catch (error) {
      if (!stopping.signal.aborted) log.warn('registry.not-registered', { id, service, error })
      return false
    }
  }

  const isRegistered = await register(http, instance).then(
    () => true,
    (error: unknown) => {
      if (error instanceof AppError && error.code === 'invalid-request') throw error
      log.warn('registry.not-registered', { id, service, error })
      return false
    },
  )

  const keep = async (isWell: boolean): Promise<void> => {
    for (let wasWell = isWell; !stopping.signal.aborted; wasWell = await ensure()) {
      const ms = (wasWell ? lookEveryMs : retryMs) * (0.75 + Math.random() / 2)
      await delay(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
      if (stopping.signal.aborted) return
    }
  }

  const running = keep(isRegistered)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Takes an instance away; one that is not known is fine. @throws AppError 'unavailable' */
export async function deregisterInstance(http: ConsulHttp, id: string): Promise<void> {
  const path = `/v1/agent/service/deregister/${encodeURIComponent(id)}`
  const { status } = await http.call({ method: 'PUT', path, timeoutMs: callMs })
  if (status !== 200 && status !== 404) throw new AppError('unavailable', `The registry answered ${status}`)
}
