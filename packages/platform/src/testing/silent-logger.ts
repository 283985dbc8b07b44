// A logger for tests that do not look at the log.
import type { Logger } from '../kernel/ports.ts'

const nothing = (): void => undefined

/** Discards everything. */
export const silentLogger: Logger = Object.freeze({
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
})
