// Who may import whom (ARCHITECTURE.md, "Who may import whom"): held by reading every import of every source file.
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path/posix'
import { test } from 'node:test'
import { importsOf, read, sourceFiles } from './source-files.ts'

const platform = 'packages/platform/src/'
const areas = ['kernel', 'engines', 'records', 'testing', 'cli', 'composition']
const corePackages = ['dicom-parser', 'pinyin-pro', 'saxes']
// What each area of the platform may import besides itself; services are named by their folder.
const allowed: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  engines: ['kernel'],
  records: ['kernel'],
  testing: ['kernel', 'engines', 'records'],
  'clinical/patient': ['kernel', 'records'],
  'clinical/emr': ['kernel', 'records'],
  'clinical/pharmacy': ['kernel', 'records'],
  'clinical/triage': ['kernel'],
  'ai/inference': ['kernel'],
  'ai/imaging': ['kernel'],
  'ai/federated': ['kernel'],
  'ai/privacy': ['kernel'],
  'ai/explain': ['kernel'],
  'edge/audit': ['kernel', 'records'],
  'edge/chaos': ['kernel'],
  'edge/gateway': ['kernel'],
  'edge/identity': ['kernel'],
  'edge/registry': ['kernel'],
  'edge/telemetry': ['kernel'],
}
// The composition root and the command line over it see everything.
const seesEverything = ['main.ts', 'services.ts', 'cli', 'composition']

function areaOf(path: string): string {
  const [first = '', second = ''] = path.slice(platform.length).split('/')
  return areas.includes(first) || first.endsWith('.ts') ? first : `${first}/${second}`
}

function resolve(file: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? join(dirname(file), specifier) : undefined
}

const isTest = (path: string): boolean => /\.test\.tsx?$|\/under-test\//.test(path)

test('core imports only itself and a short list of pure packages', () => {
  const offences = sourceFiles('packages/core/src')
    .filter((file) => !isTest(file))
    .flatMap((file) =>
      importsOf(read(file))
        .filter((name) =>
          resolve(file, name) === undefined
            ? !corePackages.some((known) => name === known || name.startsWith(`${known}/`))
            : !resolve(file, name)?.startsWith('packages/core/'),
        )
        .map((name) => `${file} imports ${name}`),
    )
  assert.deepEqual(offences, [])
})

test('an area of the platform imports only what the plan allows', () => {
  const offences = sourceFiles('packages/platform/src')
    .filter((file) => !isTest(file) && !seesEverything.includes(areaOf(file)))
    .flatMap((file) => {
      const area = areaOf(file)
      const targets = importsOf(read(file)).flatMap((name) => resolve(file, name) ?? [])
      const wrong = targets.filter((target) => {
        const other = areaOf(target)
        return !target.startsWith(platform) || (other !== area && !(allowed[area] ?? []).includes(other))
      })
      return wrong.map((target) => `${file} imports ${target}`)
    })
  assert.deepEqual(offences, [])
})

test('another room is entered through its door', () => {
  const rooms = Object.keys(allowed).filter((area) => area.includes('/'))
  const offences = sourceFiles('packages/platform/src')
    .filter((file) => !isTest(file))
    .flatMap((file) =>
      importsOf(read(file))
        .flatMap((name) => resolve(file, name) ?? [])
        .filter(
          (target) =>
            rooms.includes(areaOf(target)) && areaOf(target) !== areaOf(file) && !target.endsWith('/index.ts'),
        )
        .map((target) => `${file} imports ${target}`),
    )
  assert.deepEqual(offences, [])
})

test('the console imports core only', () => {
  const offences = sourceFiles('packages/console/src').flatMap((file) =>
    importsOf(read(file))
      .filter((name) => name.startsWith('@xinglin/') && !name.startsWith('@xinglin/core'))
      .map((name) => `${file} imports ${name}`),
  )
  assert.deepEqual(offences, [])
})

test('there are no import cycles, not even between types', () => {
  const files = [...sourceFiles('packages/core/src'), ...sourceFiles('packages/platform/src')].filter(
    (file) => !isTest(file),
  )
  const edges = new Map(files.map((file) => [file, importsOf(read(file)).flatMap((name) => resolve(file, name) ?? [])]))
  const finished = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, trail: readonly string[]): void => {
    if (finished.has(file)) return
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '))
      return
    }
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file])
    finished.add(file)
  }
  for (const file of files) visit(file, [])
  assert.deepEqual(cycles, [])
})

test('only the kernel reads the environment', () => {
  const offences = sourceFiles('packages').filter(
    (file) =>
      !isTest(file) &&
      ![`${platform}kernel/config.ts`, 'packages/console/vite.config.ts'].includes(file) &&
      /process\.env\b/.test(read(file)),
  )
  assert.deepEqual(
    offences.filter((file) => !file.startsWith(`${platform}testing/`)),
    [],
  )
})
