// Results as a table for people.
import { type Result, tally } from './run-suite.ts'

/** A table by chapter, below it what failed and what was skipped with the reasons. */
export function report(results: readonly Result[]): string {
  const tallies = tally(results)
  const width = Math.max(8, ...tallies.map(({ chapter }) => chapter.length))
  const row = (title: string, ...numbers: readonly (number | string)[]) =>
    `${title.padEnd(width)} ${numbers.map((number) => String(number).padStart(8)).join('')}`
  const sum = (outcome: Result['outcome']) => results.filter((result) => result.outcome === outcome).length
  const told = (outcome: Result['outcome']) =>
    results
      .filter((result) => result.outcome === outcome)
      .map(
        ({ chapter, name, reason }) => `\n${outcome}: ${chapter}: ${name}\n    ${reason?.replaceAll('\n', '\n    ')}`,
      )
  return [
    row('chapter', 'passed', 'failed', 'skipped'),
    ...tallies.map(({ chapter, passed, failed, skipped }) => row(chapter, passed, failed, skipped)),
    row('all', sum('passed'), sum('failed'), sum('skipped')),
    ...told('failed'),
    ...told('skipped'),
  ].join('\n')
}
