// The environment that our Dockerfile gives its programs, read from the file itself.
import { readFile } from 'node:fs/promises'

const dockerfile = new URL('./Dockerfile', import.meta.url)

type Values = Readonly<Record<string, string>>

function filled(text: string, args: Values): string {
  return text.replace(/\$\{(\w+)\}/g, (_all, name: string) => args[name] ?? '')
}

/** ENV of the last stage, with its build arguments as given, else their defaults. */
export async function imageEnvironment(given: Values = {}): Promise<Values> {
  const text = (await readFile(dockerfile, 'utf8')).replace(/\\\n/g, ' ')
  const stage = text.slice(text.lastIndexOf('\nFROM '))
  const defaults = [...stage.matchAll(/^ARG (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value.trim()])
  const args = { ...Object.fromEntries(defaults), ...given }
  const words = [...stage.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) => line.trim().split(/\s+/))
  return Object.fromEntries(
    words.map((word) => [word.slice(0, word.indexOf('=')), filled(word.slice(word.indexOf('=') + 1), args)]),
  )
}
