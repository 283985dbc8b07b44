// The logging extension: what this room tells while it runs, changed over the protocol.
import type { Logger } from '../../../kernel/ports.ts'
import { invalid } from '../protocol/triton-error.ts'

/** The settings; names as in Triton's extension. */
export interface LogSettings {
  readonly log_file: string
  readonly log_info: boolean
  readonly log_warning: boolean
  readonly log_error: boolean
  /** Above 0 every request is told with its duration. */
  readonly log_verbose_level: number
  readonly log_format: string
}

/** Settings that can be changed, and the logger that obeys them. */
export interface SwitchableLog {
  read(): LogSettings
  /** @throws TritonError INVALID_ARG, then nothing is changed */
  update(changes: Readonly<Record<string, unknown>>): LogSettings
  readonly log: Logger
}

function checked(name: string, value: unknown): unknown {
  switch (name) {
    case 'log_info':
    case 'log_warning':
    case 'log_error':
      if (typeof value === 'boolean') return value
      throw invalid(`${name} must be true or false`)
    case 'log_verbose_level':
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
      throw invalid('log_verbose_level must be a whole number of 0 or more')
    case 'log_format':
      if (value === 'default' || value === 'ISO8601') return value
      throw invalid('log_format must be default or ISO8601')
    case 'log_file':
      throw invalid('log file location can not be updated through network protocol')
    default:
      throw invalid(`there is no log setting ${JSON.stringify(name.slice(0, 64))}`)
  }
}

/** Makes a logger switchable. */
export function createSwitchableLog(log: Logger): SwitchableLog {
  const state: { settings: LogSettings } = {
    settings: {
      log_file: '',
      log_info: true,
      log_warning: true,
      log_error: true,
      log_verbose_level: 0,
      log_format: 'default',
    },
  }
  const obedient = (under: Logger): Logger => ({
    debug: (event, fields) => {
      if (state.settings.log_verbose_level > 0) under.info(event, fields)
      else under.debug(event, fields)
    },
    info: (event, fields) => {
      if (state.settings.log_info) under.info(event, fields)
    },
    warn: (event, fields) => {
      if (state.settings.log_warning) under.warn(event, fields)
    },
    error: (event, fields) => {
      if (state.settings.log_error) under.error(event, fields)
    },
    child: (fields) => obedient(under.child(fields)),
  })
  return {
    read: () => state.settings,
    update(changes) {
      const entries = Object.entries(changes).map(([name, value]) => [name, checked(name, value)])
      state.settings = { ...state.settings, ...Object.fromEntries(entries) }
      return state.settings
    },
    log: obedient(log),
  }
}
