// `xinglin status`: which services run, and why one is not ready.
import { AppError } from '@xinglin/core/errors'
import { services } from '../services.ts'
import { runningSystem } from './place.ts'
import type { RunState } from './run-state.ts'

/** The answer of `/health/ready`. */
interface Health {
  readonly status: string
  readonly services: Readonly<Record<string, { readonly status: string; readonly reasons: readonly string[] }>>
}

async function askHealth(gatewayUrl: string): Promise<Health> {
  try {
    const answer = await fetch(`${gatewayUrl}/health/ready`, { signal: AbortSignal.timeout(5000) })
    return (await answer.json()) as Health
  } catch (cause) {
    throw new AppError('unavailable', `The gateway at ${gatewayUrl} does not answer`, { cause })
  }
}

function uptime(startedAt: string): string {
  const minutes = Math.floor((Date.now() - Date.parse(startedAt)) / 60_000)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function databaseOf({ postgresPid }: RunState): string {
  return postgresPid === undefined
    ? 'The PostgreSQL that was given'
    : `PostgreSQL of this system, process ${postgresPid}`
}

/** Prints the status; returns the exit code: 0 ready, 1 not ready or not running. */
export async function status(isJson: boolean): Promise<number> {
  const state = await runningSystem()
  if (state === undefined) {
    process.stdout.write(
      isJson ? '{"status":"stopped"}\n' : 'Nothing runs on this data folder. Start with: npm start\n',
    )
    return 1
  }
  const health = await askHealth(state.gatewayUrl)
  const { databaseUrl: _secret, ...shown } = state
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ ...health, system: shown })}\n`)
    return health.status === 'ready' ? 0 : 1
  }
  const lines = Object.entries(health.services).map(([name, { status: word, reasons }]) => {
    const purpose = name === 'database' ? databaseOf(state) : services.find((one) => one.name === name)?.purpose
    return `  ${word === 'ready' ? '✔' : '✘'} ${name.padEnd(10)} ${reasons.length === 0 ? (purpose ?? '') : reasons.join('; ')}`
  })
  const head = `Xinglin ${state.version} at ${state.gatewayUrl}, process ${state.pid}, for ${uptime(state.startedAt)}: ${health.status}`
  process.stdout.write(`${[head, ...lines].join('\n')}\n`)
  return health.status === 'ready' ? 0 : 1
}
