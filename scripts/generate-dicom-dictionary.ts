// Compacts the DICOM data dictionary (PS3.6, as the package dcmjs carries it) into the table that core/dicom reads.
// `node scripts/generate-dicom-dictionary.ts` writes it; with `--check` it only says whether it is up to date.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

interface Entry {
  readonly tag: string
  readonly vr: string
  readonly name: string
  readonly version?: string
}

const target = new URL('../packages/core/src/dicom/generated/dictionary.json', import.meta.url)
const { data } = createRequire(import.meta.url)('dcmjs') as {
  readonly data: { readonly DicomMetaDictionary: { readonly nameMap: Readonly<Record<string, Entry>> } }
}

// `ox` and `xs` are written where the VR hangs on other attributes; the reader decides between OB and OW, US and SS.
const vrOf: Readonly<Record<string, string>> = { ox: 'OW', xs: 'US', up: 'UL', lt: 'US' }
const tagPattern = /^\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)$/

function table(): Readonly<Record<string, string>> {
  const byVr = new Map<string, string[]>()
  for (const { tag, vr, name, version } of Object.values(data.DicomMetaDictionary.nameMap)) {
    const [, group = '', element = ''] = tagPattern.exec(tag) ?? []
    const isPublic = group !== '' && Number.parseInt(group, 16) % 2 === 0
    if (!isPublic || version === 'PrivateTag' || !/^[A-Za-z0-9]+$/.test(name)) continue
    const known = vrOf[vr] ?? vr.slice(0, 2)
    if (!/^[A-Z]{2}$/.test(known)) continue
    const list = byVr.get(known) ?? []
    list.push(`${group}${element}`.toUpperCase() + name)
    byVr.set(known, list)
  }
  return Object.fromEntries(
    [...byVr].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([vr, list]) => [vr, list.toSorted().join(' ')]),
  )
}

const text = `${JSON.stringify(table(), undefined, 1)}\n`
if (process.argv.includes('--check')) {
  const isCurrent = readFileSync(target, 'utf8') === text
  console.log(isCurrent ? 'The dictionary is up to date.' : 'Run node scripts/generate-dicom-dictionary.ts')
  process.exitCode = isCurrent ? 0 : 1
} else writeFileSync(target, text)
