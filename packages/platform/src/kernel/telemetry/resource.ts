// What the spans and metrics of a process are about: OpenTelemetry's resource (semantic conventions for services).
import { AppError } from '@xinglin/core/errors'

/** What a resource is made of. */
export interface ResourceParts {
  /** OTEL_RESOURCE_ATTRIBUTES: `name=value,…` with percent-encoding. */
  readonly attributes: string | undefined
  /** OTEL_SERVICE_NAME; goes before a service.name among the attributes. */
  readonly serviceName: string | undefined
  readonly version: string
  /** Unique for this run of the process. */
  readonly instanceId: string
}

const faulty = (pair: string): AppError =>
  new AppError('invalid-parameter', `OTEL_RESOURCE_ATTRIBUTES has ${JSON.stringify(pair)}, which is not name=value`)

function readPair(pair: string): readonly [string, string] {
  const at = pair.indexOf('=')
  const name = pair.slice(0, at).trim()
  if (at < 1 || name === '') throw faulty(pair)
  try {
    return [name, decodeURIComponent(pair.slice(at + 1).trim())]
  } catch {
    throw faulty(pair)
  }
}

/**
 * Attributes of a process; without a `service.name` where none was given, because each room then tells its own.
 * @throws AppError 'invalid-parameter' for attributes that cannot be read
 */
export function resourceOf(parts: ResourceParts): Readonly<Record<string, string>> {
  const pairs = (parts.attributes ?? '').split(',').filter((pair) => pair.trim() !== '')
  return Object.freeze({
    'service.namespace': 'xinglin',
    'service.version': parts.version,
    'service.instance.id': parts.instanceId,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    ...Object.fromEntries(pairs.map(readPair)),
    ...(parts.serviceName === undefined ? {} : { 'service.name': parts.serviceName }),
  })
}
