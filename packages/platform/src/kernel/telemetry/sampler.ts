// Which traces are recorded: OpenTelemetry's samplers by the names of its environment variables.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration
import { AppError } from '@xinglin/core/errors'
import type { Trace } from '../trace.ts'

/** Says whether a span that comes from outside is recorded; `parent` is the sender's, where there is one. */
export type Sampler = (traceId: string, parent: Trace | undefined) => boolean

type Root = (traceId: string) => boolean

const names = ['always_on', 'always_off', 'traceidratio'] as const
const ratioDigits = 8

// The last digits of a trace id are random also where another system made it (W3C Trace Context, level 2).
function byRatio(ratio: number): Root {
  const bound = ratio * 16 ** ratioDigits
  return (traceId) => Number.parseInt(traceId.slice(-ratioDigits), 16) < bound
}

function readRatio(argument: string | undefined): number {
  const ratio = Number(argument ?? '1')
  if (ratio >= 0 && ratio <= 1) return ratio
  throw new AppError(
    'invalid-parameter',
    `OTEL_TRACES_SAMPLER_ARG is ${JSON.stringify(argument)} and must be a number from 0 to 1`,
  )
}

/** Reads a sampler from its name and argument. @throws AppError 'invalid-parameter' for one that is not known */
export function readSampler(name: string, argument: string | undefined): Sampler {
  const isParentBased = name.startsWith('parentbased_')
  const kind = names.find((known) => known === (isParentBased ? name.slice('parentbased_'.length) : name))
  if (kind === undefined) {
    const all = [...names, ...names.map((known) => `parentbased_${known}`)].join(', ')
    throw new AppError('invalid-parameter', `OTEL_TRACES_SAMPLER is ${JSON.stringify(name)} and must be one of ${all}`)
  }
  const root: Root = kind === 'traceidratio' ? byRatio(readRatio(argument)) : () => kind === 'always_on'
  return isParentBased ? (traceId, parent) => parent?.isSampled ?? root(traceId) : (traceId) => root(traceId)
}
