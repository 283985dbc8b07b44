// The hypothesis about the steady state, read from annotations, so that the same document stays a valid Chaos Mesh one (pure).
import type { SteadyState } from './experiment.ts'
import { durationMs, share } from './units.ts'

const prefix = 'steady-state.xinglin/'

// The goals of the house; a wide limit on time, since most faults are about time.
const usual: SteadyState = {
  expects: 'available',
  minSuccess: 0.999,
  maxP99Ms: 10_000,
  maxRecoveryMs: 10_000,
  abortBelow: 0,
}

type Readers = Readonly<Record<string, (text: string) => Partial<SteadyState> | undefined>>

const asNumber = <Name extends keyof SteadyState>(name: Name, value: number | undefined) =>
  value === undefined ? undefined : { [name]: value }

const readers: Readers = {
  expect: (text) => (text === 'available' || text === 'fail-closed' ? { expects: text } : undefined),
  success: (text) => asNumber('minSuccess', share(text)),
  p99: (text) => asNumber('maxP99Ms', durationMs(text)),
  recovery: (text) => asNumber('maxRecoveryMs', durationMs(text)),
  'abort-below': (text) => asNumber('abortBelow', share(text)),
}

/** Reads it; `refuse` is told each annotation of ours that says nothing. */
export function readSteadyState(
  annotations: Readonly<Record<string, string>>,
  refuse: (path: string, why: string) => void,
): SteadyState {
  let state = usual
  for (const [key, text] of Object.entries(annotations)) {
    if (!key.startsWith(prefix)) continue
    const read = readers[key.slice(prefix.length)]
    const part = read?.(text)
    const path = `metadata.annotations["${key}"]`
    if (read === undefined) refuse(path, `is unknown; there are ${Object.keys(readers).join(', ')}`)
    else if (part === undefined) refuse(path, `cannot be read: ${JSON.stringify(text)}`)
    else state = { ...state, ...part }
  }
  return state
}
