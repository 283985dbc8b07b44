// Starts a system as three processes that know one another by certificates: the edge, the clinical services, the AI rooms.
import { certificatesFolder } from '../composition/certificate-files.ts'
import { services } from '../services.ts'
import { makeCertificates } from './certs/index.ts'
import { readRunState } from './run-state.ts'
import { type StartedSystem, type SystemProcess, startServices, untilReady, untilStarted } from './system.ts'

/** The name of a part. */
export type PartName = 'edge' | 'clinical' | 'ai'

const clinical: readonly string[] = ['patient', 'emr', 'pharmacy', 'triage']
const ai: readonly string[] = ['inference', 'federated', 'imaging', 'explain', 'privacy']

/** The services of each part; what is neither clinical nor AI belongs to the edge. */
export const parts: Readonly<Record<PartName, readonly string[]>> = Object.freeze({
  edge: services.map(({ name }) => name).filter((name) => !clinical.includes(name) && !ai.includes(name)),
  clinical,
  ai,
})

/** A system in parts. */
export interface SplitSystem extends StartedSystem {
  readonly processes: Readonly<Record<PartName, SystemProcess>>
}

/**
 * Starts it on a data folder, with certificates that are made there.
 * @throws AppError when a part stops, or the whole is not ready within four minutes
 */
export async function startSplitSystem(
  dataFolder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<SplitSystem> {
  const startedAt = performance.now()
  await makeCertificates(certificatesFolder(dataFolder), new Date())
  const secure = { ...settings, SERVICE_TLS: 'true' }
  const start = (part: PartName): SystemProcess => startServices(parts[part], dataFolder, secure)
  const edge = start('edge')
  // It holds PostgreSQL and the registry: the others come when both are there.
  await untilStarted(edge, dataFolder)
  const processes = { edge, clinical: start('clinical'), ai: start('ai') }
  const all = [edge, processes.clinical, processes.ai]
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    for (const one of all.toReversed()) await one.end(signal)
  }
  const state = await untilReady(all, dataFolder)
  return {
    state,
    processes,
    child: processes.edge.child,
    readyAfterMs: performance.now() - startedAt,
    refresh: async () => (await readRunState(dataFolder)) ?? state,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}
