// The trace extension: timestamps of sampled requests, told in the log; settings for all models and for single ones.
// Source: triton-inference-server/server, docs/protocol/extension_trace.md (names and forms of the settings).
import type { Logger } from '../../../kernel/ports.ts'
import { invalid } from '../protocol/triton-error.ts'

/** The settings; numbers travel as texts there. */
export interface TraceSettings {
  readonly trace_level: readonly string[]
  /** One request of so many is traced. */
  readonly trace_rate: string
  /** So many more are traced; -1: without end. */
  readonly trace_count: string
  readonly log_frequency: string
  readonly trace_file: string
  readonly trace_mode: string
}

/** Traces requests as the settings say. */
export interface Tracing {
  read(model: string): TraceSettings
  /** Changes settings of a model, or of all (''); null takes the usual one again. @throws TritonError INVALID_ARG */
  update(model: string, changes: Readonly<Record<string, unknown>>): TraceSettings
  /** Begins a request; undefined when it is not traced. The returned function ends it. */
  begin(model: string): ((version: string, id: string) => void) | undefined
}

const usual: TraceSettings = Object.freeze({
  trace_level: ['OFF'],
  trace_rate: '1000',
  trace_count: '-1',
  log_frequency: '0',
  trace_file: '',
  trace_mode: 'triton',
})
const maxModels = 1000

function levelsOf(value: unknown): readonly string[] {
  const levels = [value].flat()
  if (levels.length > 0 && levels.every((level) => level === 'OFF' || level === 'TIMESTAMPS')) return levels as string[]
  throw invalid('trace_level must be OFF or TIMESTAMPS; tensors are not traced here')
}

function numberText(name: string, value: unknown, min: number): string {
  const text = String([value].flat()[0])
  if (/^-?\d{1,9}$/.test(text) && Number(text) >= min) return text
  throw invalid(`${name} must be a whole number of ${min} or more`)
}

function checked(name: string, value: unknown): unknown {
  switch (name) {
    case 'trace_level':
      return levelsOf(value)
    case 'trace_rate':
      return numberText(name, value, 1)
    case 'trace_count':
      return numberText(name, value, -1)
    case 'log_frequency':
      return numberText(name, value, 0)
    case 'trace_file':
    case 'trace_mode':
      throw invalid(`${name} can not be updated through network protocol: traces go into the log`)
    default:
      throw invalid(`there is no trace setting ${JSON.stringify(name.slice(0, 64))}`)
  }
}

/** Creates the tracing of a server; it is off until somebody switches it on. */
export function createTracing(log: Logger): Tracing {
  const global: { settings: TraceSettings } = { settings: usual }
  const own = new Map<string, Partial<TraceSettings>>()
  const state = { seen: 0, traced: new Map<string, number>() }
  const read = (model: string): TraceSettings => ({ ...global.settings, ...own.get(model) })
  return {
    read,
    update(model, changes) {
      const given = Object.entries(changes)
      const kept = given.filter(([, value]) => value !== null).map(([name, value]) => [name, checked(name, value)])
      const cleared = given.filter(([, value]) => value === null).map(([name]) => name)
      const before = model === '' ? global.settings : (own.get(model) ?? {})
      const left = Object.fromEntries(Object.entries(before).filter(([name]) => !cleared.includes(name)))
      const next = { ...left, ...Object.fromEntries(kept) }
      if (model !== '' && own.size >= maxModels && !own.has(model))
        throw invalid('too many models have their own trace settings')
      if (model === '') global.settings = { ...usual, ...next }
      else own.set(model, next)
      state.traced.delete(model)
      return read(model)
    },
    begin(model) {
      const { trace_level: levels, trace_rate: rate, trace_count: count } = read(model)
      if (!levels.includes('TIMESTAMPS')) return undefined
      state.seen += 1
      const key = own.has(model) ? model : ''
      const traced = state.traced.get(key) ?? 0
      if (state.seen % Number(rate) !== 0 || (Number(count) >= 0 && traced >= Number(count))) return undefined
      state.traced.set(key, traced + 1)
      const startNs = process.hrtime.bigint()
      return (version, id) => {
        const endNs = process.hrtime.bigint()
        const times = { REQUEST_START: Number(startNs), REQUEST_END: Number(endNs) }
        log.info('inference.trace', { model, version, request: id.slice(0, 64), ...times })
      }
    },
  }
}
