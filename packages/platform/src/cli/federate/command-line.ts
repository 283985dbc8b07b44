// The words of `xinglin federate …`; what each does is loaded when it is called.
import { type Command, InvalidArgumentError } from 'commander'
import type { SiteOptions } from './site.ts'

function parseWhole(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

/** Adds the commands of federated learning. */
export function addFederate(program: Command): void {
  const group = program.command('federate').description('federated learning: hospitals train one model together')
  group
    .command('demo')
    .description('a server and four hospital processes on synthetic ICU stays, told as it happens')
    .option('--rounds <n>', 'rounds of training', parseWhole, 12)
    .option('--stays <n>', 'stays in each hospital', parseWhole, 600)
    .option('--strategy <name>', 'fedavg, fedprox, fedadam, trimmed-mean or fedmedian', 'fedavg')
    .option('--seed <n>', 'seed of the stays', parseWhole, 7)
    .option('--json', 'for machines', false)
    .action(async (given: { rounds: number; stays: number; strategy: string; seed: number; json: boolean }) => {
      await (await import('./demo.ts')).federateDemo(given)
    })
  group
    .command('site')
    .description('join a Flower server as a hospital that trains the ICU mortality model on its own stays')
    .requiredOption('--server <host:port>', 'the Flower server')
    .option('--token <token>', 'this site’s token; better in SITE_TOKEN, where no list of processes shows it')
    .option('--name <name>', 'what to be called where no token says it', 'hospital')
    .option('--features <file>', 'own stays: float32 [stays, 24, 12], little-endian, NaN = not measured (.gz too)')
    .option('--outcomes <file>', 'their outcomes: TSV with a column died_in_hospital of 0 and 1')
    .option('--synthetic <mix>', 'synthetic stays instead: coronary-care, cardiac-surgery, medical or surgical')
    .option('--stays <n>', 'number of synthetic stays', parseWhole, 600)
    .option('--seed <n>', 'of synthetic stays and first weights', parseWhole, 7)
    .option('--ca <file>', 'PEM of the authority that signed the server’s certificate; plain text when absent')
    .action(async (given: SiteOptions) => {
      await (await import('./site.ts')).federateSite(given)
    })
}
