// Times as PostgreSQL takes them.

const openMs = 8.64e15

/** Milliseconds as a timestamptz literal; open ends and years that are not four digits become ±infinity. */
export function timestamp(ms: number): string {
  if (ms >= openMs) return 'infinity'
  if (ms <= -openMs) return '-infinity'
  const text = new Date(ms).toISOString()
  if (text.length === 24) return text
  return text.startsWith('-') ? '-infinity' : 'infinity'
}
