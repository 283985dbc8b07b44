// Collects the parameters of one statement: values never enter the text of the SQL.

/** The parameters of one statement, and fresh aliases for its tables. */
export interface Binder {
  readonly values: readonly unknown[]
  /** Adds a value and returns its placeholder with a cast, e.g. `$3::bigint[]`. */
  bind(value: unknown, cast: string): string
  /** Returns an alias that is used nowhere else in the statement. */
  alias(prefix: string): string
}

/** Starts a statement without parameters. */
export function createBinder(): Binder {
  const values: unknown[] = []
  const aliases = { count: 0 }
  return {
    values,
    bind(value, cast) {
      values.push(value)
      return `$${values.length}::${cast}`
    },
    alias(prefix) {
      aliases.count += 1
      return `${prefix}${aliases.count}`
    },
  }
}

const openMs = 8.64e15

/** Milliseconds as a timestamptz literal; open ends and what PostgreSQL cannot hold become ±infinity. */
export function timestamp(ms: number): string {
  if (ms >= openMs) return 'infinity'
  if (ms <= -openMs) return '-infinity'
  const year = new Date(ms).getUTCFullYear()
  if (year > 9999) return 'infinity'
  return year < 1 ? '-infinity' : new Date(ms).toISOString()
}
