// Writes docs/errors.md and docs/configuration.md from the code; a test compares them.
import { writeFileSync } from 'node:fs'
import type { ErrorCode, errorCatalogue } from '@xinglin/core/errors'
import type { SettingSpecs } from '../../packages/platform/src/kernel/config.ts'
import type { WriteRule } from '../../packages/platform/src/records/types.ts'
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
      return `| \`${spec.env}\` | ${spec.kind} | \`${fallback || '(empty)'}\` | ${spec.about} |`
    })
    return `## ${owner}\n\n| variable | kind | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# Configuration

Settings are environment variables, read once at start. All faulty ones are named at once, before a port opens.

${sections.join('\n')}`
}

if (import.meta.main) {
  const { errorCatalogue: catalogue } = await import('@xinglin/core/errors')
  const { settingsByOwner, writeRules } = await import('../../packages/platform/src/services.ts')
  writeFileSync(`${root}docs/errors.md`, errorsDocument(catalogue, writeRules))
  writeFileSync(`${root}docs/configuration.md`, configurationDocument(settingsByOwner))
}
