// The contract of the suite: a chapter is a list of checks, a check is a rule of the standard and a function that throws when it is broken.
import type { Client } from './client.ts'

/** Runs one check; throws when the rule does not hold, or {@link Skipped} when the server cannot be asked. */
export type RunCheck = (client: Client) => Promise<void>

/** One rule with the way to find out whether it holds. */
export interface Check {
  /** The rule, with the section of the standard that states it. */
  readonly name: string
  readonly run: RunCheck
}

/** Checks about one part of the standard. */
export interface Chapter {
  readonly title: string
  readonly checks: readonly Check[]
}

/** Thrown by a check that does not apply to this server or this run. */
export class Skipped extends Error {}

/** Ends the running check as skipped. */
export function skip(reason: string): never {
  throw new Skipped(reason)
}

/** Defines a chapter; `define` names its checks. Names must be unique in it. */
export function chapter(title: string, define: (check: (name: string, run: RunCheck) => void) => void): Chapter {
  const checks: Check[] = []
  define((name, run) => {
    if (checks.some((check) => check.name === name)) throw new Error(`${title} has two checks named ${name}`)
    checks.push({ name, run })
  })
  return { title, checks }
}

/** Makes something once per run, when a check first asks for it; a failure is told to every check that asks. */
export function shared<T>(make: (client: Client) => Promise<T>): (client: Client) => Promise<T> {
  const made = new WeakMap<object, Promise<T>>()
  return (client) => {
    const known = made.get(client.run)
    if (known !== undefined) return known
    const making = make(client)
    made.set(client.run, making)
    return making
  }
}
