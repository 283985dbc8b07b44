// The words of `xinglin gateway`; what they do is loaded when they are called.
import { type Command, InvalidArgumentError } from 'commander'
import type { ExportFormat } from '../../edge/gateway/index.ts'

const formats: readonly ExportFormat[] = ['kong', 'gateway-api']

function parseFormat(text: string): ExportFormat {
  const format = formats.find((known) => known === text)
  if (format !== undefined) return format
  throw new InvalidArgumentError(`There is no format ${text}; choose one of ${formats.join(', ')}.`)
}

function parseBackend(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})$/.exec(text) ?? []
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) }
  throw new InvalidArgumentError('It must be host:port.')
}

/** Adds the command. */
export function addGateway(program: Command): void {
  const gateway = program.command('gateway').description('the routes of the gateway')
  gateway
    .command('export')
    .description('write the routes for a Kong or a Kubernetes gateway in front of Xinglin')
    .requiredOption('--format <format>', formats.join(' or '), parseFormat)
    .option('--defined', 'with what is defined at the admin port of the running system', false)
    .option('--backend <host:port>', 'where Xinglin’s gateway is', parseBackend, parseBackend('gateway:80'))
    .option('--class <name>', 'class of the Kubernetes Gateway', 'istio')
    .option('--output <file>', 'write to a file')
    .action(async (given: Parameters<typeof import('./export.ts').gatewayExport>[0]) => {
      await (await import('./export.ts')).gatewayExport(given)
    })
}
