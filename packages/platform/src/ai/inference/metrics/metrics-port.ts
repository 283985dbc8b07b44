// The port of the metrics: `GET /metrics` and nothing else.
import type { RequestListener } from 'node:http'
import { checkCaller, type GuardOptions } from '../http/guard.ts'
import { TritonError } from '../protocol/triton-error.ts'
import type { ModelServer } from '../serving/model-server.ts'
import { createMachineLoad } from './machine-load.ts'
import { metricsText } from './metrics.ts'

/** Creates the listener. */
export function metricsListener(models: Pick<ModelServer, 'served'>, guard: GuardOptions): RequestListener {
  const load = createMachineLoad()
  return (request, response) => {
    try {
      checkCaller(request, guard)
      const isMetrics = request.url?.split('?')[0] === '/metrics'
      if (!isMetrics) throw new TritonError('NOT_FOUND', 'this port serves GET /metrics')
      if (request.method !== 'GET') throw new TritonError('INVALID_ARG', 'this port serves GET /metrics')
      response.writeHead(200, {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        'cache-control': 'no-store',
      })
      response.end(metricsText(models.served(), load()))
    } catch (error) {
      const told = error instanceof TritonError ? error : new TritonError('INTERNAL', 'the metrics could not be read')
      response.writeHead(told.httpStatus, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: told.message }))
    }
  }
}
