// Turns findings into a FHIR OperationOutcome.
import type { Issue } from '../errors/index.ts'
import type { Resource } from './types.ts'

/** Builds the OperationOutcome for the given findings; an empty list says that all is well. */
export function operationOutcome(issues: readonly Issue[]): Resource {
  const shown: readonly Issue[] =
    issues.length > 0 ? issues : [{ severity: 'information', code: 'informational', diagnostics: 'No issues detected' }]
  return {
    resourceType: 'OperationOutcome',
    issue: shown.map((issue) => ({
      severity: issue.severity,
      code: issue.code,
      ...(issue.rule === undefined ? {} : { details: { coding: [{ system: 'urn:xinglin:rule', code: issue.rule }] } }),
      diagnostics: issue.diagnostics,
      ...(issue.expression === undefined ? {} : { expression: [issue.expression] }),
    })),
  }
}
