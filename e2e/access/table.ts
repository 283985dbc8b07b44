// Reads the table of routes and who may: routes.tsv.
import { readFileSync } from 'node:fs'
import type { Role } from '../../packages/platform/src/kernel/caller.ts'
import type { RouteOfType } from './requests.ts'

/** One line of the table. */
export interface Expectation extends RouteOfType {
  readonly service: string
  /** Who may; `public` is everybody, `unrouted` nobody through the gateway. */
  readonly who: 'public' | 'unrouted' | readonly Role[]
  /** `empty`: others are answered without records; `shape`: the body is judged before the caller. */
  readonly note: '' | 'empty' | 'shape'
}

const letters: Readonly<Record<string, Role>> = {
  A: 'admin',
  C: 'clinician',
  R: 'radiologist',
  P: 'pharmacist',
  T: 'patient',
  M: 'compliance',
  O: 'operator',
  D: 'data-scientist',
  F: 'frontend',
}

function whoOf(text: string): Expectation['who'] {
  if (text === 'public' || text === 'unrouted') return text
  return text === '-' ? [] : [...text].map((letter) => letters[letter] ?? unknown(letter))
}

function unknown(what: string): never {
  throw new Error(`routes.tsv: ${JSON.stringify(what)} is not known`)
}

function parse(line: string): Expectation {
  const [service = '', method = '', route = '', type = '', who = '', note = ''] = line.split('\t')
  if (note !== '' && note !== 'empty' && note !== 'shape') unknown(note)
  return { service, method, route, type: type === '-' ? '' : type, who: whoOf(who), note }
}

/** The table. */
export function readExpectations(): readonly Expectation[] {
  const text = readFileSync(new URL('./routes.tsv', import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parse)
}
