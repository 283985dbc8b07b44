// The commands `xinglin certs …`, with their words and options.
import type { Command } from 'commander'

/** Adds them. */
export function addCertificates(program: Command): void {
  const certs = program.command('certs').description('certificates by which the processes of a system know one another')
  certs
    .command('init')
    .description('make an own authority, and a certificate for each service that has none')
    .action(async () => (await import('./index.ts')).initCertificates())
  certs
    .command('renew')
    .description('renew what ends within 120 days; running processes take it without a restart')
    .option('--all', 'also what is good for longer', false)
    .action(async (options: { all: boolean }) => (await import('./index.ts')).renewCertificates(options))
  certs
    .command('show')
    .description('say what there is, for which names, until when; exit code 1 when one has expired')
    .action(async () => {
      process.exitCode = await (await import('./index.ts')).showCertificates()
    })
  certs
    .command('issue')
    .description('one certificate for a process on another machine, with its key and the authority, into a folder')
    .argument('<service...>', 'services of that process')
    .requiredOption('--folder <path>', 'where to')
    .action(async (names: readonly string[], { folder }: { folder: string }) => {
      await (await import('./index.ts')).issueForProcess(names, folder)
    })
}
