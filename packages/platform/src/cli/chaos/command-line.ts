// The words of `xinglin chaos`; what they do is loaded when they are called.
import { type Command, InvalidArgumentError } from 'commander'

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0 && count <= 1000) return count
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.')
}

/** Adds the command. */
export function addChaos(program: Command): void {
  const chaos = program.command('chaos').description('experiments with faults, in the words of Chaos Mesh')
  chaos
    .command('run')
    .description('run the experiments of a file or folder on a split system of their own, under load')
    .argument('<path>', 'a Chaos Mesh document, or a folder of them')
    .option('--json', 'print the reports as JSON', false)
    .option('--report <file>', 'write the reports as JSON to a file')
    .option('--rate <n>', 'requests a second of the load', parseCount, 60)
    .option('--lanes <n>', 'people in the house at once', parseCount, 24)
    .action(async (path: string, given: { json: boolean; report?: string; rate: number; lanes: number }) => {
      process.exitCode = await (await import('./run.ts')).chaosRun(path, given)
    })
  chaos
    .command('rescue')
    .description('take back what experiments that were killed have left')
    .action(async () => {
      process.exitCode = await (await import('./rescue.ts')).chaosRescue()
    })
}
