// Runs every test file, those that take longest first: else two cores would wait for one of them at the end.
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { prepareForAll } from './before-all-tests.ts'

const folders = ['packages/*/src', 'scripts', 'conformance', 'e2e', 'proofs', 'docs', 'deploy', 'training', 'data']

// By what they take on two cores, of computing or of waiting.
const longest = [
  'e2e/console.test.ts',
  'e2e/demo.test.ts',
  'e2e/command-line.test.ts',
  'e2e/console-imaging.test.ts',
  'proofs/killed-readings.test.ts',
  'conformance/article/article.test.ts',
  'conformance/fhir/fhir.test.ts',
  'conformance/flower/flower.test.ts',
  'proofs/kills.test.ts',
]

const present = globSync(folders.map((folder) => `${folder}/**/*.test.ts`)).map((file) => file.replaceAll('\\', '/'))
const files = [...longest, ...present.filter((file) => !longest.includes(file)).toSorted()]

// What was started for all of them ends with this process, however it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

process.stdout.write(`running ${files.length} test files; the first ones take a minute or two …\n`)
const stop = await prepareForAll()
// Three at a time keep two cores busy while one of them waits for a process to start.
const running = run({ files, concurrency: 3, timeout: 900_000 })
running.on('test:fail', () => {
  process.exitCode = 1
})
running.compose(spec).pipe(process.stdout)
await once(running, 'end')
await stop()
