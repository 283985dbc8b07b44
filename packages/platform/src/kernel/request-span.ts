// The span and the duration of one request to a service, by OpenTelemetry's conventions for HTTP servers; routes, never addresses,
// because an address names a patient.
// https://opentelemetry.io/docs/specs/semconv/http/http-spans/
import type { FastifyRequest } from 'fastify'
import type { Span, Telemetry } from './ports.ts'
import { parseTraceparent } from './trace.ts'

/** Requests of one service, as telemetry sees them. */
export interface RequestSpans {
  /** Begins the span of a request. */
  open(request: FastifyRequest): Span
  /** Ends it. */
  close(request: FastifyRequest, answer: { readonly span: Span; readonly status: number; readonly ms: number }): void
}

/** The route's pattern, `none` where no route fits. */
export const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'none'

const msPerSecond = 1000

/** Whether a request only watches the system; its traces would bury those of people. */
export const isQuiet = (request: FastifyRequest): boolean => request.routeOptions.config?.isQuiet === true

/** Creates the spans of a service. */
export function createRequestSpans(service: string, telemetry: Telemetry, silent: Telemetry): RequestSpans {
  const duration = telemetry.metrics.histogram({
    name: 'http.server.request.duration',
    help: 'Duration of requests to the services',
    unit: 's',
    labels: ['xinglin.service', 'http.request.method', 'http.route', 'http.response.status_code'],
  })
  return {
    open(request) {
      const parent = parseTraceparent(request.headers.traceparent)
      const name = `${request.method} ${routeOf(request)}`
      return (isQuiet(request) ? silent : telemetry).startEntry(name, { service, parent })
    },
    close(request, { span, status, ms }) {
      if (isQuiet(request)) return
      const route = routeOf(request)
      const { method } = request
      if (span.isSampled) {
        span.set('http.request.method', method)
        span.set('http.route', route)
        span.set('http.response.status_code', status)
        if (status >= 500) span.fail(String(status))
        span.end()
      }
      duration(ms / msPerSecond, {
        xinglin_service: service,
        http_request_method: method,
        http_route: route,
        http_response_status_code: status,
      })
    },
  }
}
