// The structured log: JSON lines through pino, with everything that could be a person's data kept out.
import pino from 'pino'
import type { LogFields, Logger } from './ports.ts'

/** Levels of the log, from most to least. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** A function is asked at each line, so that the level can change while the process runs. */
  readonly level: LogLevel | (() => LogLevel)
  /** Where lines go; default is standard output. */
  readonly write?: (line: string) => void
}

const maxTextLength = 500
const maxCauses = 3
const forbidden =
  /^(authorization|cookie|password|secret|token|body|content|resource|name|given|family|birth_?date|email|phone|telecom|address|identifier|text|query|url)$|token$|password$|secret$/i

// A message of these may quote what was being parsed or stored, and that may be a person's data.
const quotingErrors: ReadonlySet<string> = new Set(['SyntaxError', 'error', 'AppError'])

interface AnyError {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly stack?: unknown
  readonly cause?: unknown
  readonly status?: unknown
  readonly table?: unknown
  readonly constraint?: unknown
}

function isSafeMessage(error: AnyError): boolean {
  if (error.name === 'AppError') return typeof error.status === 'number' && error.status >= 500
  return !quotingErrors.has(String(error.name))
}

// What the log shows of an error: kind, code, place, and the message only where it cannot quote data.
function describeError(error: unknown, depth = 0): Readonly<Record<string, unknown>> {
  if (typeof error !== 'object' || error === null) return { kind: typeof error }
  const it = error as AnyError
  const frames = String(it.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
  return {
    kind: it.name,
    ...(it.code === undefined ? {} : { code: it.code }),
    ...(it.table === undefined ? {} : { table: it.table }),
    ...(it.constraint === undefined ? {} : { constraint: it.constraint }),
    ...(isSafeMessage(it) ? { message: String(it.message).slice(0, maxTextLength) } : {}),
    stack: frames.slice(0, 12).map((line) => line.trim()),
    ...(it.cause === undefined || depth >= maxCauses ? {} : { cause: describeError(it.cause, depth + 1) }),
  }
}

function cleanValue(key: string, value: unknown): unknown {
  if (forbidden.test(key)) return '[removed]'
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (value instanceof Error || key === 'error') return describeError(value)
  if (typeof value === 'string') return value.length > maxTextLength ? `${value.slice(0, maxTextLength)}…` : value
  if (Array.isArray(value)) return value.slice(0, 20).map((item) => cleanValue('', item))
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) return cleanFields(value as LogFields)
  return value
}

function cleanFields(fields: LogFields): Readonly<Record<string, unknown>> {
  const clean: Record<string, unknown> = {} // fromEntries and entries cost more than the rest of a line
  for (const key in fields) clean[key] = cleanValue(key, fields[key])
  return clean
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 }

function wrap(target: pino.Logger, leastLevel: () => LogLevel): Logger {
  const line =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields?: LogFields): void => {
      if (ranks[level] < ranks[leastLevel()]) return
      target[level](fields === undefined ? {} : cleanFields(fields), event)
    }
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => wrap(target.child(cleanFields(fields)), leastLevel),
  }
}

/** Creates the log of a process; each line holds `time`, `level`, `event` and the fields. */
export function createLogger(options: LoggerOptions): Logger {
  const settings: pino.LoggerOptions = {
    level: 'debug', // what is written is decided before
    base: null,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  const { write, level } = options
  const leastLevel = typeof level === 'function' ? level : () => level
  return wrap(write === undefined ? pino(settings) : pino(settings, { write }), leastLevel)
}
