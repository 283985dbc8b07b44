// `xinglin audit verify`: re-computes the trail and says what was seen.
import { verifyLocalTrail } from './local.ts'
import { demandPlace } from './place.ts'

/** Verifies and prints; returns the exit code: 0 intact, 1 touched. */
export async function auditVerify(isJson: boolean): Promise<number> {
  const report = await verifyLocalTrail(await demandPlace())
  process.stdout.write(isJson ? `${JSON.stringify(report)}\n` : `${report.summary}\n`)
  return report.ok ? 0 : 1
}
