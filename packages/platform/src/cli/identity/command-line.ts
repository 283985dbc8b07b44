// The words of `xinglin user …` and `xinglin client …`; what each does is loaded when it is called.
import type { Command } from 'commander'
import { personRoles } from '../../edge/identity/index.ts'

const many = (text: string, before: readonly string[] = []): readonly string[] => [...before, ...text.split(',')]

interface UserWords {
  readonly name: string
  readonly role: readonly string[]
  readonly patient?: string
  readonly actor?: string
  readonly passwordStdin: boolean
}

interface ClientWords {
  readonly name: string
  readonly kind: string
  readonly redirect: readonly string[]
  readonly scope: readonly string[]
  readonly role: readonly string[]
  readonly jwksUri?: string
  readonly jwks?: string
}

function addUsers(program: Command): void {
  const group = program.command('user').description('people who can sign in to the running system')
  group
    .command('add')
    .description('add a user; prints a password that is told this once')
    .argument('<username>', 'what they sign in with')
    .requiredOption('--name <name>', 'their name')
    .requiredOption('--role <role>', `one or more of ${personRoles.join(', ')}`, many)
    .option('--patient <id>', 'id of the Patient that bounds them')
    .option('--actor <reference>', 'their own record, e.g. Practitioner/dr-chen')
    .option('--password-stdin', 'take the password from the standard input instead', false)
    .action(async (username: string, given: UserWords) => (await import('./users.ts')).addUser(username, given))
  group
    .command('list')
    .description('list the users')
    .action(async () => (await import('./users.ts')).listUsers())
  for (const [word, enabled, about] of [
    ['disable', false, 'end a user’s sessions and tokens, and let them in no more'],
    ['enable', true, 'let a user in again'],
  ] as const) {
    group
      .command(word)
      .description(about)
      .argument('<username>', 'who')
      .action(async (username: string) => (await import('./users.ts')).enableUser(username, enabled))
  }
  group
    .command('password')
    .description('give a user a new password, which is told this once; ends their sessions')
    .argument('<username>', 'who')
    .option('--password-stdin', 'take the password from the standard input instead', false)
    .action(async (username: string, given: { passwordStdin: boolean }) =>
      (await import('./users.ts')).resetPassword(username, given.passwordStdin),
    )
}

function addClients(program: Command): void {
  const group = program.command('client').description('SMART apps and backend services of the running system')
  group
    .command('add')
    .description('register an app or a backend service; a secret is told this once')
    .argument('<id>', 'its client_id')
    .requiredOption('--name <name>', 'what people read when they are asked for access')
    .requiredOption('--kind <kind>', 'public, confidential, asymmetric (an app with keys) or backend')
    .option('--redirect <address>', 'where the app gets its code; more than one may be given', many, [])
    .requiredOption('--scope <scope>', 'what it may ask for at most, e.g. openid,launch/patient,patient/*.rs', many)
    .option('--role <role>', 'what a backend service may at most', many, [])
    .option('--jwks-uri <address>', 'where its public keys are')
    .option('--jwks <file>', 'a file with its public keys instead')
    .action(async (id: string, given: ClientWords) => (await import('./clients.ts')).addClient(id, given))
  group
    .command('list')
    .description('list the apps and backend services')
    .action(async () => (await import('./clients.ts')).listClients())
  for (const [word, enabled] of [
    ['disable', false],
    ['enable', true],
  ] as const) {
    group
      .command(word)
      .description(enabled ? 'let a client in again' : 'end a client’s tokens, and let it in no more')
      .argument('<id>', 'which')
      .action(async (id: string) => (await import('./clients.ts')).enableClient(id, enabled))
  }
}

/** Adds the commands of users and clients. */
export function addIdentity(program: Command): void {
  addUsers(program)
  addClients(program)
}
