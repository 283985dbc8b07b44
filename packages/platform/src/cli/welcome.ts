// What a system says when it is ready: where everything is, who can sign in, a token, and what to do next.
import { realpath } from 'node:fs/promises'
import manifest from '../../package.json' with { type: 'json' }
import { demoPassword, issueToken, personas } from '../edge/gateway/index.ts'
import type { RunningProcess } from '../main.ts'
import type { RunState } from './run-state.ts'

function demoLines(): readonly string[] {
  const people = personas.map(({ username, roles }) => `${username} (${roles.join(', ')})`)
  return [
    `Demo logins, password ${demoPassword}:`,
    ...people.map((person) => `  ${person}`),
    'ANYONE who reaches this port can sign in as them: set DEMO=false before real data comes in.',
  ]
}

// Told only when it is not where one looks for it: the account that PostgreSQL runs as cannot reach every folder.
async function databaseLines({ engines, dataFolder }: RunningProcess): Promise<readonly string[]> {
  const folder = engines.database.embedded?.clusterFolder
  if (folder === undefined || folder.startsWith(await realpath(dataFolder))) return []
  return [`  database     ${folder}, because PostgreSQL’s account cannot reach the data folder`]
}

/** The lines for a system whose gateway lives here. */
export async function welcomeLines(
  running: RunningProcess,
  state: RunState,
  elapsedMs: number,
): Promise<readonly string[]> {
  const { isDemo } = state
  const token = isDemo ? await issueToken(running.engines.database.sql, { role: 'clinician' }) : undefined
  return [
    '',
    `Xinglin 杏林 ${state.version} is ready after ${(elapsedMs / 1000).toFixed(1)} s`,
    `  console      ${state.gatewayUrl}/app`,
    `  FHIR base    ${state.gatewayUrl}/fhir`,
    `  Kong admin   ${state.adminUrl}`,
    ...(state.registryUrl === '' ? [] : [`  registry     ${state.registryUrl}`]),
    `  data         ${state.dataFolder}`,
    ...(await databaseLines(running)),
    '',
    ...(isDemo ? demoLines() : ['Demo logins are off (DEMO).']),
    '',
    ...(token === undefined ? [] : ['A token of a clinician, valid for one hour:', token, '']),
    isDemo ? 'Next, in another terminal: npm run demo        Stop with Ctrl-C.' : 'Stop with Ctrl-C.',
    '',
  ]
}

/** The line for a part of a split system. */
export function partLine({ services }: RunningProcess): string {
  return `Xinglin 杏林 ${manifest.version}: ${services.join(', ')} run here. Stop with Ctrl-C.`
}
