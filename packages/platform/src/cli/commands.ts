// The commands of `xinglin`, with their words and options; what each does is loaded when it is called.
import { Command, InvalidArgumentError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { type Role, roles } from '../kernel/caller.ts'
import { addCertificates } from './certs/command-line.ts'
import { addChaos } from './chaos/command-line.ts'
import { addFederate } from './federate/command-line.ts'
import { addGateway } from './gateway/command-line.ts'
import { addIdentity } from './identity/command-line.ts'
import { addPrivate } from './private/command-line.ts'

// The system speaks for itself; nobody signs in as it.
const issuable = roles.filter((role) => role !== 'system')

function parseRole(text: string): Role {
  const role = issuable.find((known) => known === text)
  if (role === undefined)
    throw new InvalidArgumentError(`There is no role ${text}; choose one of ${issuable.join(', ')}.`)
  return role
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (Number.isInteger(seconds) && seconds > 0) return seconds
  throw new InvalidArgumentError('It must be a whole number of seconds.')
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

function parseRecipe(text: string): string {
  if (text === 'lung-nodule') return text
  throw new InvalidArgumentError(`There is no recipe for ${text}; there is lung-nodule.`)
}

function addSystem(program: Command): void {
  program
    .command('start')
    .description('start all services, or those named, and serve until stopped')
    .argument('[name...]', 'services of this process')
    .option('--lan [address]', 'open a port for phones of this network, with TLS; shows a QR code')
    .action(async (names: readonly string[], { lan }: { lan?: string | boolean }) => {
      await (await import('./start.ts')).start(names, lan)
    })

  program
    .command('status')
    .description('say which services run here, and why one is not ready')
    .option('--json', 'for machines', false)
    .action(async ({ json }: { json: boolean }) => {
      process.exitCode = await (await import('./status.ts')).status(json)
    })

  program
    .command('doctor')
    .description('check Node, ports, disk, PostgreSQL, clock and optional tools, and say how to mend')
    .option('--json', 'for machines', false)
    .action(async ({ json }: { json: boolean }) => {
      process.exitCode = await (await import('./doctor/index.ts')).doctor(json)
    })
}

function addConfiguration(program: Command): void {
  const config = program.command('config').description('the settings that change while the system runs')
  config
    .command('list')
    .description('show them with their values')
    .option('--json', 'for machines', false)
    .action(async ({ json }: { json: boolean }) => (await import('./configure.ts')).listConfiguration(json))
  config
    .command('set')
    .description('set one for all processes')
    .argument('<name>', 'e.g. LOG_LEVEL')
    .argument('<value>')
    .action(async (name: string, value: string) => (await import('./configure.ts')).setConfiguration(name, value))
  config
    .command('unset')
    .description('go back to its default')
    .argument('<name>')
    .action(async (name: string) => (await import('./configure.ts')).unsetConfiguration(name))
}

function addAccess(program: Command): void {
  program
    .command('token')
    .description('print a token of the built-in consumer')
    .requiredOption('--role <role>', `one of ${issuable.join(', ')}`, parseRole)
    .option('--patient <id>', 'id of the Patient that bounds the caller')
    .option('--subject <name>', 'whom the audit trail shall name')
    .option('--seconds <n>', 'lifetime', parseSeconds, 3600)
    .action(async (given: { role: Role; patient?: string; subject?: string; seconds: number }) => {
      const { demandPlace } = await import('./place.ts')
      const { issueLocalToken } = await import('./local.ts')
      const { seconds, ...request } = given
      const token = await issueLocalToken(await demandPlace(), { ...request, lifetimeSeconds: seconds })
      process.stdout.write(`${token}\n`)
    })

  const audit = program.command('audit').description('the audit trail')
  audit
    .command('verify')
    .description('re-compute the whole trail and name the first row that was touched')
    .option('--json', 'for machines', false)
    .action(async ({ json }: { json: boolean }) => {
      process.exitCode = await (await import('./audit-verify.ts')).auditVerify(json)
    })
}

function addData(program: Command): void {
  program
    .command('migrate')
    .description('bring the schemas of DATABASE_URL up to date, and end')
    .option('--json', 'for machines', false)
    .action(async ({ json }: { json: boolean }) => (await import('./migrate.ts')).migrateDatabase(json))

  program
    .command('import')
    .description('bring in NDJSON, Bundles, or patients exported by mongoexport (also .gz); run again to resume')
    .argument('<path>', 'a file or a folder')
    .option('--json', 'for machines', false)
    .option('--concurrency <n>', 'units in flight', parseCount, 4)
    .option('--url <base>', 'FHIR base of another server; needs --token')
    .option('--token <token>', 'bearer token for that server')
    .action(async (path: string, options: { json: boolean; concurrency: number; url?: string; token?: string }) => {
      process.exitCode = await (await import('./import-command.ts')).importCommand(path, options)
    })

  program
    .command('backup')
    .description('write everything to a folder while the system runs')
    .argument('<folder>', 'a folder that does not exist yet, or is empty')
    .option('--json', 'for machines', false)
    .option('--without-bucket', 'leave the images and models of a bucket to its own versions and copies', false)
    .action(async (folder: string, options: { json: boolean; withoutBucket: boolean }) => {
      await (await import('./backup/index.ts')).backup(folder, options)
    })

  program
    .command('restore')
    .description('bring a backup back into an empty system')
    .argument('<folder>', 'a folder written by `xinglin backup`')
    .option('--json', 'for machines', false)
    .action(async (folder: string, { json }: { json: boolean }) => {
      await (await import('./backup/index.ts')).restore(folder, json)
    })
}

function addShows(program: Command): void {
  program
    .command('demo')
    .description('walk through everything, against the running system or one of its own')
    .option('--json', 'for machines', false)
    .option('--patients <n>', 'people of the synthetic cohort', parseCount, 200)
    .option('--seed <n>', 'seed of the cohort', parseCount, 7)
    .option('--folder <path>', 'a folder of Synthea (or other) Bundles to import as well')
    .option('--split', 'start its system as three processes that speak mutual TLS', false)
    .action(async (options: { json: boolean; patients: number; seed: number; folder?: string; split: boolean }) => {
      const { split: isSplit, ...given } = options
      process.exitCode = await (await import('./demo/index.ts')).demo({ ...given, isSplit })
    })

  program
    .command('build')
    .description('build the console when its sources changed')
    .action(async () => {
      const isBuilt = await (await import('./start.ts')).buildConsole((line) => process.stdout.write(line))
      process.exitCode = isBuilt ? 0 : 1
    })

  program
    .command('proof')
    .description('run the long proofs in full, or one part')
    .argument('[part]', 'which')
    .option('--fresh', 'begin anew instead of going on where an interrupted run was', false)
    .action(async (part: string | undefined, { fresh }: { fresh: boolean }) => {
      process.exitCode = await (await import('../../../../proofs/run.ts')).runProofs(part, fresh)
    })

  program
    .command('article')
    .description('walk through the article that Xinglin grew out of, section by section')
    .option('--text <file>', 'the article’s text, whose printed snippets are run as they are')
    .option('--json', 'print the table as JSON', false)
    .option('--split', 'start a system of three processes that speak mutual TLS', false)
    .action(async ({ split: isSplit, ...given }: { text?: string; json: boolean; split: boolean }) => {
      process.exitCode = await (await import('../../../../conformance/article/run.ts')).runArticle({
        ...given,
        isSplit,
      })
    })
}

function addTraining(program: Command): void {
  program
    .command('train')
    .description('train a model of the project anew, or go on where an interrupted run was')
    .argument('<model>', 'which: lung-nodule', parseRecipe)
    .argument('[options...]', 'of its recipe, e.g. --steps 2000 (training/<model>/README.md)')
    .allowUnknownOption()
    .action(async (_model: string, options: readonly string[]) => {
      process.exitCode = await (await import('../../../../training/lung-nodule/train.ts')).trainLungNodule(options)
    })
}

/** Builds the command line; nothing runs before its words are parsed. */
export function commandLine(): Command {
  const program = new Command()
    .name('xinglin')
    .description('Xinglin 杏林: a smart-healthcare platform in one command')
    .version(manifest.version)
    .showHelpAfterError()
  const chapters = [
    addSystem,
    addConfiguration,
    addCertificates,
    addAccess,
    addIdentity,
    addData,
    addShows,
    addTraining,
    addPrivate,
    addFederate,
    addGateway,
    addChaos,
  ]
  for (const add of chapters) add(program)
  return program
}
