// How long something on a screen may take while other tests share the machine; TIME_FACTOR=1 holds it to the goal itself.

/** Milliseconds allowed for a goal in milliseconds: ten times as many, or as often as TIME_FACTOR says. */
export function allowedMs(goalMs: number): number {
  return goalMs * Number(process.env['TIME_FACTOR'] ?? 10)
}
