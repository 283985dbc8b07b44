// Where OTLP goes, as the settings say: checked before anything starts (pure).
import { AppError } from '@xinglin/core/errors'
import type { OtlpSettings } from './settings.ts'

/** What is sent where. */
export interface OtlpTargets {
  readonly traces: string | undefined
  readonly metrics: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly isJson: boolean
  readonly isCompressed: boolean
}

function urlOf(env: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new AppError('invalid-parameter', `${env} is ${JSON.stringify(text)} and must be an http or https address`)
}

function headersOf(text: string | undefined): Readonly<Record<string, string>> {
  const pairs = (text ?? '').split(',').filter((pair) => pair.trim() !== '')
  const read = (pair: string): readonly [string, string] => {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim().toLowerCase()
    const value = pair.slice(at + 1).trim()
    // The value may be a secret, so the message holds none of it.
    if (at < 1 || !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) {
      throw new AppError('invalid-parameter', 'OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs with commas between')
    }
    return [name, decodeURIComponent(value.replace(/%(?![0-9a-fA-F]{2})/g, '%25'))]
  }
  return Object.freeze(Object.fromEntries(pairs.map(read)))
}

function choice<T extends string>(env: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value)
  if (found !== undefined) return found
  throw new AppError('invalid-parameter', `${env} is ${JSON.stringify(value)} and must be one of ${known.join(', ')}`)
}

/** Reads the targets. @throws AppError 'invalid-parameter' for a setting that cannot be used */
export function targetsOf(settings: OtlpSettings): OtlpTargets {
  const base =
    settings.endpoint === undefined
      ? undefined
      : urlOf('OTEL_EXPORTER_OTLP_ENDPOINT', settings.endpoint).replace(/\/+$/, '')
  const own = (env: string, text: string | undefined, path: string): string | undefined => {
    if (text !== undefined) return urlOf(env, text)
    return base === undefined ? undefined : `${base}${path}`
  }
  const protocol = choice('OTEL_EXPORTER_OTLP_PROTOCOL', settings.protocol, ['http/protobuf', 'http/json'])
  const compression = choice('OTEL_EXPORTER_OTLP_COMPRESSION', settings.compression, ['gzip', 'none'])
  return {
    traces: own('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', settings.tracesEndpoint, '/v1/traces'),
    metrics: own('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', settings.metricsEndpoint, '/v1/metrics'),
    headers: headersOf(settings.headers),
    isJson: protocol === 'http/json',
    isCompressed: compression === 'gzip',
  }
}
