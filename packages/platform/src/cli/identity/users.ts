// `xinglin user …`: adds, lists, disables and enables people, and gives them passwords.
import { randomInt } from 'node:crypto'
import { everyEntry, type Fields, openAdministration } from './administration.ts'

/** What a new user is. */
export interface UserOptions {
  readonly name: string
  readonly role: readonly string[]
  readonly patient?: string
  readonly actor?: string
  readonly passwordStdin: boolean
}

// Without letters that are mistaken for others: 20 of 31 are 99 bits.
const letters = 'abcdefghijkmnpqrstuvwxyz23456789'
const groups = 4
const groupLength = 5
const maxInputBytes = 1024

const say = (line: string): void => void process.stdout.write(`${line}\n`)

function newPassword(): string {
  const group = (): string => Array.from({ length: groupLength }, () => letters[randomInt(letters.length)]).join('')
  return Array.from({ length: groups }, group).join('-')
}

async function passwordFrom(isStdin: boolean): Promise<{ readonly password: string; readonly isMade: boolean }> {
  if (!isStdin) return { password: newPassword(), isMade: true }
  let text = ''
  for await (const chunk of process.stdin) {
    text += String(chunk)
    if (text.length > maxInputBytes) break
  }
  return { password: text.replace(/\r?\n$/, ''), isMade: false }
}

/** Adds a user. */
export async function addUser(username: string, options: UserOptions): Promise<void> {
  const { name, role: roles, patient, actor, passwordStdin } = options
  const ask = await openAdministration()
  const { password, isMade } = await passwordFrom(passwordStdin)
  const body = {
    ...{ username, name, roles, password },
    ...(patient === undefined ? {} : { patient }),
    ...(actor === undefined ? {} : { actor }),
  }
  await ask('/users', { method: 'POST', body })
  say(`${username} can sign in.${isMade ? ` Password, told this once: ${password}` : ''}`)
}

/** Lists the users. */
export async function listUsers(): Promise<void> {
  for (const { username, name, roles, enabled, demo } of await everyEntry(await openAdministration(), 'users')) {
    const state = [enabled === true ? '' : 'disabled', demo === true ? 'demo' : ''].filter((word) => word !== '')
    say([username, name, (roles as readonly string[]).join(','), ...state].join('\t'))
  }
}

/** Lets a user in, or no more. */
export async function enableUser(username: string, enabled: boolean): Promise<void> {
  const ask = await openAdministration()
  const path = `/users/${encodeURIComponent(username)}`
  const { name, roles, patient, actor }: Fields = await ask(path)
  const body = {
    ...{ name, roles, enabled },
    ...(patient === undefined ? {} : { patient }),
    ...(actor === undefined ? {} : { actor }),
  }
  await ask(path, { method: 'PUT', body })
  say(enabled ? `${username} can sign in again.` : `${username} can sign in no more; sessions and tokens have ended.`)
}

/** Gives a user a new password. */
export async function resetPassword(username: string, isStdin: boolean): Promise<void> {
  const ask = await openAdministration()
  const { password, isMade } = await passwordFrom(isStdin)
  await ask(`/users/${encodeURIComponent(username)}/password`, { method: 'PUT', body: { password } })
  say(`${username} has a new password.${isMade ? ` Told this once: ${password}` : ''}`)
}
