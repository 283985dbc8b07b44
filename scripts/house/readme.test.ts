// What the READMEs and the operations page tell to type exists: commands, options, scripts, settings, files; in both languages.
import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { commandLine } from '../../packages/platform/src/cli/commands.ts'
import { services, settingsByOwner } from '../../packages/platform/src/services.ts'
import { read, root } from './source-files.ts'

const readmes = ['README.md', 'README.zh-CN.md'] as const
const typed = [...readmes, 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/operations.md']

const shellBlocks = (text: string): readonly string[] =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '')

const inlineCode = (text: string): readonly string[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')

// What is typed, without comments, brackets of optional parts, and the line that a command stands in.
function commandsOf(text: string): readonly string[] {
  const lines = shellBlocks(text).flatMap((block) => block.split('\n'))
  return [...lines, ...inlineCode(text)].flatMap((line) => {
    const found = /(?:npx xinglin|npm (?:run|start|test))\b[^#()]*/.exec(line)?.[0]
    return found === undefined
      ? []
      : [
          found
            .replace(/\[(--[^\]]*)\]/g, '$1')
            .trim()
            .replace(/\s+/g, ' '),
        ]
  })
}

const isPlaceholder = (word: string): boolean => /^[<[]/.test(word)

interface Words {
  readonly command: Command
  readonly options: ReadonlyMap<string, string | undefined>
  readonly given: readonly string[]
}

// Splits `xinglin …words` into the command, its options with what follows them, and its arguments.
function parse(words: readonly string[]): Words {
  const rest = [...words]
  let command: Command = commandLine()
  while (command.commands.length > 0) {
    const name = rest.shift()
    const next = command.commands.find((one) => one.name() === name)
    assert.ok(next, `${command.name()} has no command ${name}`)
    command = next
  }
  const options = new Map<string, string | undefined>()
  const given: string[] = []
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('--')) given.push(word)
    else options.set(word, takesValue(command, word) ? rest.shift() : undefined)
  }
  return { command, options, given }
}

function takesValue(command: Command, word: string): boolean {
  const option = command.options.find(({ long }) => long === word)
  assert.ok(option, `${command.name()} has no option ${word}`)
  return option.required
}

function check({ command, options, given }: Words): void {
  for (const [word, value] of options) {
    if (!takesValue(command, word)) continue
    assert.ok(value, `${word} wants a value`)
    const option = command.options.find(({ long }) => long === word)
    if (!isPlaceholder(value)) option?.parseArg?.(value, undefined) // throws for a value that does not exist
  }
  const { registeredArguments: wanted } = command
  const most = wanted.some(({ variadic }) => variadic) ? Number.POSITIVE_INFINITY : wanted.length
  const least = wanted.filter(({ required }) => required).length
  assert.ok(given.length >= least && given.length <= most, `${command.name()} ${given.join(' ')}`)
  if (command.name() !== 'start') return
  const known: readonly string[] = services.map(({ name }) => name)
  assert.deepEqual(
    given.filter((name) => !isPlaceholder(name) && !known.includes(name)),
    [],
  )
}

test('every command of the documents exists, with these options, arguments and values', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
  for (const file of typed) {
    for (const line of commandsOf(read(file))) {
      const [program, ...words] = line.split(' ')
      if (program === 'npx') check(parse(words.slice(1)))
      else assert.ok(scripts[(words[0] === 'run' ? words[1] : words[0]) ?? ''], `${file}: ${line}`)
    }
  }
})

test('the check itself sees a command, an option, a value, an argument and a service that do not exist', () => {
  for (const line of ['fly', 'status --yaml', 'token --role king', 'token --role', 'backup', 'restore a b', 'start x'])
    assert.throws(() => check(parse(line.split(' '))))
})

test('both READMEs tell the same commands and the same blocks to type', () => {
  const [english, chinese] = readmes.map((file) => read(file))
  const plain = (line: string): string => line.replace(/[<[][^>\]]*[>\]]/g, '<>')
  assert.deepEqual(commandsOf(chinese ?? '').map(plain), commandsOf(english ?? '').map(plain))
  assert.deepEqual(shellBlocks(chinese ?? ''), shellBlocks(english ?? ''))
  const links = (text = ''): readonly string[] =>
    [...text.matchAll(/\]\((docs\/[^)]*\.md|(?!README)[A-Z]+\.md)\)/g)].map((match) => match[1] ?? '')
  assert.deepEqual([...links(chinese)].sort(), [...links(english)].sort())
})

test('every command of the command line that is for everybody is in the READMEs', () => {
  const names = commandLine().commands.map((command) => command.name())
  const told = commandsOf(read('README.md')).map((line) => line.split(' ')[2])
  assert.deepEqual(
    names.filter((name) => name !== 'build' && !told.includes(name)),
    [],
  )
})

const documents = globSync(
  ['*.md', ...['docs', 'packages', 'conformance', 'proofs', 'deploy', 'examples'].map((folder) => `${folder}/**/*.md`)],
  { cwd: root, exclude: (name) => name.includes('node_modules') },
)

// Services named in the text's split commands that are missing from all of them; none where it splits nothing.
function forgottenIn(text: string): readonly string[] {
  const named = [...text.matchAll(/xinglin start((?: +[a-z][a-z-]*)+)/g)].flatMap(([, words = '']) =>
    words.trim().split(/ +/),
  )
  const all = services.map(({ name }) => name)
  return named.length === 0 ? [] : all.filter((name) => !named.includes(name))
}

test('the commands that split a system in a document start every service between them', () => {
  const faults = documents.map((file) => [file, ...forgottenIn(read(file))]).filter(({ length }) => length > 1)
  assert.deepEqual(faults, [])
  assert.ok(forgottenIn('`xinglin start gateway registry` and `xinglin start patient`').includes('telemetry'))
  assert.deepEqual(forgottenIn('`npx xinglin start --lan` or `xinglin start [name…]`'), [])
})

test('every file that a document links to exists', () => {
  const broken = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !existsSync(join(root, dirname(file), target)))
      .map((target) => `${file} → ${target}`),
  )
  assert.deepEqual(broken, [])
})

test('every setting that the documents name exists', () => {
  const known = new Set(
    Object.values(settingsByOwner).flatMap((specs) =>
      Object.values(specs).flatMap((spec) => [spec.env as string, ...Object.keys('also' in spec ? spec.also : {})]),
    ),
  )
  const unknown = typed.flatMap((file) =>
    [...inlineCode(read(file)), ...shellBlocks(read(file)).flatMap((block) => block.match(/^[A-Z_]+=/gm) ?? [])]
      .flatMap((code) => /^([A-Z]+(?:_[A-Z]+)*)(?:=|$)/.exec(code)?.[1] ?? [])
      .filter((name) => !known.has(name) && !['TOKEN', 'COPY'].includes(name))
      .map((name) => `${file}: ${name}`),
  )
  assert.deepEqual(unknown, [])
})
