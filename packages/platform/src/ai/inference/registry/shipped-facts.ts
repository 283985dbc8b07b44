// Reads `metrics.json` beside a shipped model: what it is, what was measured, where it comes from (pure).
import { AppError } from '@xinglin/core/errors'
import type { Lineage, Metric } from './model-version.ts'

/** What a release says of a shipped model. */
export interface ShippedFacts {
  readonly description: string
  readonly metrics: readonly Metric[]
  readonly lineage: Lineage
}

type Json = Readonly<Record<string, unknown>>

const numbers = ['value', 'low', 'high', 'confidence', 'cases'] as const
const texts = ['name', 'dataset'] as const

function refuse(what: string): never {
  throw new AppError('unprocessable', `metrics.json: ${what}; models/README.md tells its form`)
}

function objectIn(value: unknown, what: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  return refuse(`${what} must be an object`)
}

function metricIn(value: unknown): Metric {
  const metric = objectIn(value, 'each figure')
  const isKnown = (name: string): boolean => [...numbers, ...texts].some((known) => known === name)
  const unknown = Object.keys(metric).find((name) => !isKnown(name))
  if (unknown !== undefined) refuse(`a figure has no field ${unknown}`)
  for (const name of numbers) if (name in metric && !Number.isFinite(metric[name])) refuse(`${name} must be a number`)
  for (const name of texts) if (name in metric && typeof metric[name] !== 'string') refuse(`${name} must be a text`)
  if (!('name' in metric) || !('value' in metric)) refuse('a figure needs a name and a value')
  return metric as unknown as Metric // each field was checked
}

function textsIn(value: unknown, names: readonly string[]): Readonly<Record<string, string>> {
  const given = objectIn(value, 'lineage')
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => {
      if (!names.includes(name) || typeof text !== 'string') return refuse(`lineage has no text ${name}`)
      return [name, text]
    }),
  )
}

/** Reads the facts; an empty text tells nothing. @throws AppError 'unprocessable' */
export function readShippedFacts(text: string): ShippedFacts {
  const { description = '', metrics = [], lineage = {}, ...rest } = objectIn(JSON.parse(text || '{}'), 'it')
  const unknown = Object.keys(rest)[0]
  if (unknown !== undefined) refuse(`there is no field ${unknown}`)
  if (typeof description !== 'string' || !Array.isArray(metrics)) return refuse('description and metrics do not fit')
  return { description, metrics: metrics.map(metricIn), lineage: textsIn(lineage, ['dataset', 'trainingRun']) }
}
