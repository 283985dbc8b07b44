// Writes docs/errors.md, docs/configuration.md and docs/fhir.md from the code, docs/scaling.md from what was measured; a test
// compares them.
import { readFileSync, writeFileSync } from 'node:fs'
import type { ErrorCode, errorCatalogue } from '@xinglin/core/errors'
import type { SettingSpecs } from '../../packages/platform/src/kernel/config.ts'
import type { WriteRule } from '../../packages/platform/src/records/types.ts'
import { type ScalingResult, scalingDocument } from './scaling-document.ts'
import { root } from './source-files.ts'

/** The text of docs/errors.md. */
export function errorsDocument(catalogue: typeof errorCatalogue, rules: readonly WriteRule[]): string {
  const codes = Object.entries(catalogue).map(
    ([code, kind]) => `| \`${code as ErrorCode}\` | ${kind.status} | \`${kind.issue}\` | ${kind.title} |`,
  )
  const lines = rules.map((rule) => `| \`${rule.id}\` | ${rule.types.join(', ')} | ${rule.about} |`)
  return `# Errors

Every refusal and failure has a stable code. FHIR routes answer with an OperationOutcome (\`issue.code\` is the FHIR issue
type), all other routes with \`application/problem+json\` (RFC 9457) whose \`type\` is \`urn:xinglin:error:<code>\`.
A 4xx says what was wrong and how to mend it; a 5xx tells only the trace id, which is also in the server's log.

| code | HTTP | FHIR issue type | meaning |
|---|---|---|---|
${codes.join('\n')}

## Rules that may refuse a change

A refusal is a 422 with issue type \`business-rule\`; the rule's id stands in \`issue.details.coding\` (system \`urn:xinglin:rule\`).

| rule | for | what it demands |
|---|---|---|
${lines.join('\n')}
`
}

/** The text of docs/configuration.md. */
export function configurationDocument(settings: Readonly<Record<string, SettingSpecs>>): string {
  const sections = Object.entries(settings).map(([owner, specs]) => {
    const rows = Object.values(specs).map((spec) => {
      const fallback =
        spec.fallback === undefined
          ? 'unset'
          : Array.isArray(spec.fallback)
            ? spec.fallback.join(',')
            : String(spec.fallback)
      const names = [spec.env, ...Object.keys(spec.also ?? {})].map((name) => `\`${name}\``).join(', else ')
      return `| ${names} | ${spec.kind} | \`${fallback || '(empty)'}\` | ${spec.about}${spec.isLive === true ? ' *(live)*' : ''} |`
    })
    return `## ${owner}\n\n| variable | kind | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# Configuration

Settings are environment variables, read once at start. All faulty ones are named at once, before a port opens.

Those marked *(live)* can also be set while the system runs, for all its processes at once: \`npx xinglin config set LOG_LEVEL debug\`
writes the key \`xinglin/config/LOG_LEVEL\` of the registry (ours or Consul's), and each process follows these keys. A value that
means nothing changes nothing and is logged as \`config.refused\`; what a process has in its environment goes first.

${sections.join('\n')}`
}

/** The text of docs/fhir.md: which service owns which type, and by what it is searched. */
export function fhirDocument(
  owners: ReadonlyMap<string, string>,
  parametersOf: (type: string) => readonly string[],
): string {
  const rows = [...owners]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, owner]) => `| ${type} | ${owner} | ${parametersOf(type).join(' ')} |`)
  return `# FHIR R4 in Xinglin

Base: \`/fhir\` at the gateway. JSON only (\`application/fhir+json\`). What is really there is told by \`/fhir/metadata\`
(CapabilityStatement) and \`/fhir/openapi.json\`; this page is generated from the same sources.

Every type: read, vread, create, update, patch (JSON Patch), delete, their conditional forms, history of instance and type,
search by GET and POST. The base: batch, transaction, history, search over types. Operations: \`$validate\` on every type,
\`Patient/$everything\`.

Searches: prefixes \`eq ne gt lt ge le sa eb ap\`; modifiers \`:exact :contains :missing :not :text :identifier :of-type :[type]\`;
chains, \`_has\`, \`_include\`, \`_revinclude\` (\`:iterate\`), \`_sort\` on any parameter, \`_count\`, \`_total\`, \`_summary\`, \`_elements\`,
\`_id\`, \`_lastUpdated\`, compartments. Unknown parameters are refused with 400 unless \`Prefer: handling=lenient\`. Pages follow the
signed \`next\` link.

| type | service | search parameters |
|---|---|---|
${rows.join('\n')}
`
}

/** Which service owns each R4 type. */
export async function ownersOfTypes(): Promise<ReadonlyMap<string, string>> {
  const { resourceTypes } = await import('@xinglin/core/fhir/search')
  const { patientTypes } = await import('../../packages/platform/src/clinical/patient/index.ts')
  const { pharmacyTypes } = await import('../../packages/platform/src/clinical/pharmacy/index.ts')
  const ownerOf = (type: string): string => {
    if (patientTypes.includes(type)) return 'patient'
    return pharmacyTypes.includes(type) ? 'pharmacy' : 'emr'
  }
  return new Map(resourceTypes.map((type) => [type, ownerOf(type)]))
}

/** The codes of a type's own search parameters (those of every type left out). */
export async function parameterCodes(): Promise<(type: string) => readonly string[]> {
  const { searchParametersOf } = await import('@xinglin/core/fhir/search')
  return (type) =>
    searchParametersOf(type)
      .map(({ code }) => code)
      .filter((code) => !code.startsWith('_'))
      .toSorted()
}

/** What bench/scaling.ts measured last. */
export function scalingResult(): ScalingResult {
  return JSON.parse(readFileSync(`${root}bench/results/scaling.json`, 'utf8')) as ScalingResult
}

if (import.meta.main) {
  const { errorCatalogue: catalogue } = await import('@xinglin/core/errors')
  const { settingsByOwner, writeRules } = await import('../../packages/platform/src/services.ts')
  writeFileSync(`${root}docs/errors.md`, errorsDocument(catalogue, writeRules))
  writeFileSync(`${root}docs/configuration.md`, configurationDocument(settingsByOwner))
  writeFileSync(`${root}docs/fhir.md`, fhirDocument(await ownersOfTypes(), await parameterCodes()))
  writeFileSync(`${root}docs/scaling.md`, scalingDocument(scalingResult()))
}
