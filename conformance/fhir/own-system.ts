// Our own whole system, as users run it: gateway, services, write rules and audit trail on an embedded PostgreSQL.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueLocalToken } from '../../packages/platform/src/cli/local.ts'
import { freePorts, startSystem } from '../../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../../packages/platform/src/testing/prepared-folder.ts'
import type { OwnServer } from './own-server.ts'

const patient = 'suite-patient'

/** Starts the system on free ports and a fresh folder, with tokens for the checks. */
export async function startOwnSystem(): Promise<OwnServer> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'xinglin-fhir-'))
  await prepareFolder(dataFolder)
  const system = await startSystem(dataFolder, await freePorts())
  const close = async () => {
    await system.stop()
    await rm(dataFolder, { recursive: true, force: true })
  }
  try {
    const place = { databaseUrl: system.state.databaseUrl, dataFolder }
    const [token, patientToken] = await Promise.all([
      issueLocalToken(place, { role: 'admin' }),
      issueLocalToken(place, { role: 'patient', patient }),
    ])
    return { target: { base: `${system.state.gatewayUrl}/fhir`, token, patientToken, patient }, close }
  } catch (error) {
    await close()
    throw error
  }
}
