// The one list of what exists: the table of contents of the product.
import { explain } from './ai/explain/index.ts'
import { federated } from './ai/federated/index.ts'
import { imaging } from './ai/imaging/index.ts'
import { inference } from './ai/inference/index.ts'
import { privacy } from './ai/privacy/index.ts'
import { emr, emrRules } from './clinical/emr/index.ts'
import { patient, patientTypes } from './clinical/patient/index.ts'
import {
  createMedicines,
  medicationSafetyRules,
  pharmacy,
  pharmacyRules,
  pharmacyTypes,
} from './clinical/pharmacy/index.ts'
import { triage } from './clinical/triage/index.ts'
import { processSettings } from './composition/process-settings.ts'
import { tlsSettings } from './composition/tls-settings.ts'
import { audit } from './edge/audit/index.ts'
import { chaos } from './edge/chaos/index.ts'
import { gateway } from './edge/gateway/index.ts'
import { identity } from './edge/identity/index.ts'
import { registry } from './edge/registry/index.ts'
import { telemetry } from './edge/telemetry/index.ts'
import { otlpSettings } from './engines/otlp/index.ts'
import { s3Settings } from './engines/s3/index.ts'
import { kernelSql } from './kernel/outbox.ts'
import type { OwnedSql } from './kernel/sql.ts'
import { openTelemetrySettings } from './kernel/telemetry/index.ts'
import { consentRule, recordsSql, type WriteRule } from './records/index.ts'

/** Every service, in the order in which they start; they stop in the reverse order. */
export const services = Object.freeze([
  registry,
  audit,
  telemetry,
  identity,
  patient,
  emr,
  pharmacy,
  triage,
  inference,
  federated,
  imaging,
  explain,
  privacy,
  chaos,
  gateway,
] as const)

/** The name of a service. */
export type ServiceName = (typeof services)[number]['name']

/** Every setting, by owner. */
export const settingsByOwner = Object.freeze({
  process: processSettings,
  tls: tlsSettings,
  opentelemetry: openTelemetrySettings,
  otlp: otlpSettings,
  blobs: s3Settings,
  gateway: gateway.settings,
  registry: registry.settings,
  audit: audit.settings,
  chaos: chaos.settings,
  telemetry: telemetry.settings,
  identity: identity.settings,
  patient: patient.settings,
  triage: triage.settings,
  explain: explain.settings,
  federated: federated.settings,
  inference: inference.settings,
  imaging: imaging.settings,
  privacy: privacy.settings,
})

/** What is known of medicines; read when a prescription is first written. */
export const medicines = createMedicines()

/** The write rules of all services; the store obeys them in every process that writes. */
export const writeRules: readonly WriteRule[] = Object.freeze([
  consentRule,
  ...emrRules,
  ...pharmacyRules,
  ...medicationSafetyRules(() => medicines.current()),
])

/** Resource types that a service other than the EMR owns. */
export const ownedTypes: readonly string[] = Object.freeze([...patientTypes, ...pharmacyTypes])

/** Every schema with its migrations, in the order in which they run. */
export const ownedSql: readonly OwnedSql[] = Object.freeze([
  kernelSql,
  recordsSql,
  ...services.flatMap((service) => ('sql' in service ? [service.sql] : [])),
])
