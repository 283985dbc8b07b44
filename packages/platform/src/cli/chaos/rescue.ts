// `xinglin chaos rescue`: takes back what a killed experiment and its killed guard have left.
import { rescue } from '../../edge/chaos/index.ts'
import { journalFolder } from './run.ts'

/** The command; returns the exit code. */
export async function chaosRescue(): Promise<number> {
  const lines = await rescue(journalFolder())
  process.stdout.write(lines.length === 0 ? 'Nothing was left to take back.\n' : `${lines.join('\n')}\n`)
  return lines.some((line) => line.includes('not done')) ? 1 : 0
}
