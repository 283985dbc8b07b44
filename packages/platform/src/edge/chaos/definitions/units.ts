// How Chaos Mesh writes time, shares, rates and sizes, read into numbers (pure).

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const binary: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** Milliseconds of a Go duration such as `200ms` or `1m30s`; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)
  return [...parts].reduce((sum, [, count = '0', unit = 's']) => sum + Number(count) * (durationUnits[unit] ?? 0), 0)
}

/** A share from 0 to 1 of a percentage from 0 to 100, with or without the sign; undefined when it is none. */
export function share(text: string): number | undefined {
  const percent = /^\d+(\.\d+)?%?$/.test(text) ? Number(text.replace('%', '')) : Number.NaN
  return percent <= 100 ? percent / 100 : undefined
}

/** Bytes per second of a rate such as `1mbps`; Chaos Mesh means bytes, 1024 by 1024. Undefined when it is none. */
export function bytesPerSecond(text: string): number | undefined {
  const [, count, prefix = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)bps$/i.exec(text) ?? []
  const rate = Number(count) * (binary[prefix.toLowerCase()] ?? Number.NaN)
  return rate > 0 ? rate : undefined
}

/** Bytes of a size such as `256MB` or `64MiB`, 1024 by 1024; undefined when it is none. */
export function sizeBytes(text: string): number | undefined {
  const [, count, prefix = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text) ?? []
  const size = Number(count) * (binary[prefix.toLowerCase()] ?? Number.NaN)
  return size > 0 ? size : undefined
}
