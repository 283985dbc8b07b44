// The words of `xinglin private …`; what each does is loaded when it is called.
import { type Command, InvalidArgumentError } from 'commander'

function parseWholes(text: string): readonly number[] {
  const numbers = text.split(',').map(Number)
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers
  throw new InvalidArgumentError('It must be whole numbers such as 1,2,4.')
}

function parseNumbers(text: string, before: readonly number[] | undefined): readonly number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (numbers.every(Number.isFinite)) return [...(before ?? []), ...numbers]
  throw new InvalidArgumentError('It must be numbers such as 35 or 1.5,2,-3.')
}

function parseWhole(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0) return number
  throw new InvalidArgumentError('It must be a whole number.')
}

function addKeys(group: Command): void {
  group
    .command('keys')
    .description('make keys: secret.tenseal for yourself, public.tenseal for everybody')
    .argument('<folder>', 'where; nothing there is overwritten')
    .option('--parameters <name>', 'two-levels (N = 8192) or four-levels (N = 16384)', 'two-levels')
    .option('--rotations <steps>', 'rotations that shall be possible, e.g. 1,2,4,8 to sum 16 values', parseWholes, [])
    .option('--seal <minor>', 'who reads them: 3 (TenSEAL 0.3.18) or 1 (TenSEAL 0.3.16)', parseWhole, 3)
    .action(async (folder: string, given: { parameters: string; rotations: readonly number[]; seal: number }) => {
      const { parameters, rotations, seal } = given
      await (await import('./index.ts')).keys(folder, { parameters, rotations, sealMinor: seal })
    })
}

/** Adds the commands of key owners and data owners. */
export function addPrivate(program: Command): void {
  const group = program.command('private').description('encrypted computation: your own keys and vectors')
  addKeys(group)
  group
    .command('encrypt')
    .description('encrypt numbers with a public context into a vector file')
    .argument('<context>', 'public.tenseal, or any context of TenSEAL')
    .argument('<file>', 'the vector file to write')
    .argument('<numbers...>', 'e.g. 35 or 1.5,2,-3', parseNumbers)
    .allowUnknownOption() // numbers below zero look like options
    .action(async (context: string, file: string, numbers: readonly number[]) => {
      await (await import('./index.ts')).encrypt(context, file, numbers)
    })
  group
    .command('decrypt')
    .description('decrypt a vector file with your own secret context')
    .argument('<context>', 'secret.tenseal')
    .argument('<file>', 'the vector file')
    .option('--release <contributions>', 'flood and round for others; how many people or hospitals went in', parseWhole)
    .option('--decimals <n>', 'decimal places with --release', parseWhole, 2)
    .action(async (context: string, file: string, given: { release?: number; decimals: number }) => {
      const { release: contributions, decimals } = given
      await (await import('./index.ts')).decrypt(context, file, { contributions, decimals })
    })
  group
    .command('demo')
    .description('key owner, data owners and computing server as separate processes')
    .option('--json', 'for machines', false)
    .action(async ({ json }: { json: boolean }) => {
      await (await import('./index.ts')).privateDemo(json)
    })
}
