// Every service that may live in a process, with what only it is given.
import { join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { explain } from '../ai/explain/index.ts'
import { federated } from '../ai/federated/index.ts'
import { imaging, studyRecords } from '../ai/imaging/index.ts'
import { inference } from '../ai/inference/index.ts'
import { emr } from '../clinical/emr/index.ts'
import { patient } from '../clinical/patient/index.ts'
import { pharmacy } from '../clinical/pharmacy/index.ts'
import { triage } from '../clinical/triage/index.ts'
import { audit } from '../edge/audit/index.ts'
import { chaos } from '../edge/chaos/index.ts'
import type { RunningGateway } from '../edge/gateway/index.ts'
import { identity } from '../edge/identity/index.ts'
import { telemetry } from '../edge/telemetry/index.ts'
import { patientsWithholding, withheldElsewhere } from '../records/index.ts'
import { medicines, ownedTypes, type ServiceName } from '../services.ts'
import { chaosRoom } from './chaos-room.ts'
import { identityExtra } from './identity-extra.ts'
import { observedCodec } from './observed-engines.ts'
import { createPrivateComputation } from './private-computation.ts'
import type { LocalService } from './service-apps.ts'
import { symptomGraphOf } from './symptom-graph.ts'
import { allNames, type Wiring } from './wiring.ts'

function chaosExtra({ settings, names: here, dataFolder, engines, registry, local }: Wiring) {
  const { registryUrl = `http://127.0.0.1:${settings.registry.port}`, registryToken } = settings.process
  const token = settings.process.registryUrl === undefined ? settings.registry.token : registryToken
  return chaosRoom({
    ...{ all: allNames, here, dataFolder, registryUrl },
    sql: engines.database.sql,
    local: () => [...local.values()],
    registry: registry.port,
    registryToken: token,
  })
}

/** What creates each service; `edge` is the gateway, where it lives here. */
export function creators(
  wiring: Wiring,
  edge: RunningGateway | undefined,
): Readonly<Record<ServiceName, () => Promise<LocalService['running']>>> {
  const { settings, ports, engines, fhirBase, dataFolder, registry } = wiring
  const serving = {
    ...engines.store,
    audit: engines.trail,
    baseUrl: fhirBase,
    version: manifest.version,
    date: ports.clock.now(),
  }
  return {
    registry: async () => registry.local ?? {},
    audit: () => audit.create(ports, settings.audit, { folder: join(dataFolder, 'audit') }),
    telemetry: () => telemetry.create(ports, settings.telemetry, { flush: wiring.open.telemetry.flush }),
    identity: () => identity.create(ports, settings.identity, identityExtra(wiring)),
    patient: () => patient.create(ports, settings.patient, serving),
    emr: () => emr.create(ports, {}, { ...serving, ownedElsewhere: ownedTypes }),
    pharmacy: () => pharmacy.create(ports, {}, { ...serving, medicines }),
    triage: async () =>
      triage.create(ports, settings.triage, {
        ...(await symptomGraphOf(settings.triage)),
        withheldFrom: (caller) => withheldElsewhere(engines.database.sql, caller, { type: 'QuestionnaireResponse' }),
      }),
    inference: () =>
      inference.create(ports, settings.inference, {
        repository: join(dataFolder, 'models'),
        version: manifest.version,
      }),
    federated: () => federated.create(ports, settings.federated),
    imaging: () =>
      imaging.create(ports, settings.imaging, {
        baseUrl: fhirBase.replace(/\/fhir$/, '/dicom-web'),
        codec: observedCodec(engines.codecs, ports.telemetry),
        withheldFrom: (caller) => withheldElsewhere(engines.database.sql, caller, studyRecords),
      }),
    explain: () => explain.create(ports, settings.explain),
    privacy: () =>
      createPrivateComputation(ports, settings.privacy, {
        dataFolder,
        withheldFrom: (caller, patients) => patientsWithholding(engines.database.sql, caller, patients),
      }),
    chaos: () => chaos.create(ports, settings.chaos, chaosExtra(wiring)),
    gateway: async () => edge ?? {},
  }
}
