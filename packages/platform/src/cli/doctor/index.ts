// `xinglin doctor`: runs every check and says how to mend what is wrong.
import { ownSettings } from '../place.ts'
import { checkClock, checkDisk, checkNode, checkPorts, checkPostgres, checkTools, type Finding } from './checks.ts'

const marks = { good: '✔', hint: '·', wrong: '✘' } as const

function lineOf({ level, name, seen, mend }: Finding): string {
  const line = `${marks[level]} ${name.padEnd(12)} ${seen}`
  return mend === undefined ? line : `${line}\n    → ${mend}`
}

/** Prints the findings; returns the exit code: 0 when nothing is wrong. */
export async function doctor(isJson: boolean): Promise<number> {
  const settings = ownSettings()
  const checks = [
    checkNode(),
    checkPorts(settings),
    checkDisk(settings),
    checkPostgres(settings),
    checkClock(settings),
    checkTools(),
  ]
  const findings = (await Promise.all(checks)).flat()
  const wrong = findings.filter(({ level }) => level === 'wrong').length
  if (isJson) process.stdout.write(`${JSON.stringify({ ok: wrong === 0, findings })}\n`)
  else
    process.stdout.write(`${findings.map(lineOf).join('\n')}\n${wrong === 0 ? 'All is well.' : `${wrong} to mend.`}\n`)
  return wrong === 0 ? 0 : 1
}
