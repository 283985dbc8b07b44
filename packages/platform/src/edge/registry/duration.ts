// Durations as Go writes them: `10s`, `1m30s`, `1.5h`, or a number of nanoseconds (pure).

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5
  μs: 1e-3, // U+03BC
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const whole = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/
const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
const maxTextLength = 64

/** Milliseconds of a duration; undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (text.length > maxTextLength || !whole.test(text)) return undefined
  const parts = [...text.matchAll(part)].map(([, amount, unit]) => Number(amount) * (unitMs[unit ?? ''] ?? 0))
  const totalMs = parts.reduce((sum, one) => sum + one, 0)
  return text.startsWith('-') ? -totalMs : totalMs
}

/** Writes milliseconds as Go prints a duration, e.g. `1m30s`, `0s`, `1.5s`, `20ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = `${Math.round(ms % 60_000) / 1000}s`
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}`
}
