// Reads patients of DDXPlus in the words of our knowledge: which findings are present, and which condition it was.
import { readFileSync } from 'node:fs'
import type { Row } from './read-tsv.ts'

/** A patient of DDXPlus; what is not present was asked and is absent. */
export interface DdxplusPatient {
  readonly ageYears: number
  readonly sex: 'female' | 'male'
  /** Id of the condition. */
  readonly condition: string
  /** Ids of findings, those of pain with the region where it is. */
  readonly present: readonly string[]
}

/** Sites of pain in DDXPlus to the pain regions of our findings. */
export const painRegions: readonly (readonly [string, RegExp])[] = [
  ['chest-pain', /chest|breast/],
  ['headache', /head|temple|occiput/],
  ['face-pain', /cheek|nose|forehead/],
  ['eye-pain', /^eye/],
  ['ear-pain', /^ear/],
  ['upper-abdominal-pain', /epigastric|hypochondrium/],
  ['lower-abdominal-pain', /iliac fossa|groin|belly|pubis|scrotum|testicle/],
  ['back-pain', /spine|scapula|flank|renal|coccyx|posterior chest/],
  ['limb-pain', /ankle|thigh|calf|knee|elbow|forearm|wrist|hand|foot|finger|toe|shoulder|biceps|triceps|tibia|hip/],
  ['sore-throat', /tonsil|pharynx|palace|uvula|thyroid/],
]

interface Evidence {
  readonly value_meaning: Readonly<Record<string, { readonly en: string }>>
}

const painSite = 'E_55'

const cellsOf = (line: string): readonly string[] =>
  line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)?.map((cell) => cell.replace(/,$/, '').replace(/^"|"$/g, '')) ?? []

/** Reads `ddxplus_patients.csv` of a folder, with the rows of our findings and conditions; at most `most` patients. */
export function readDdxplusPatients(
  folder: URL,
  { findings, conditions }: { readonly findings: readonly Row[]; readonly conditions: readonly Row[] },
  most = Number.POSITIVE_INFINITY,
): readonly DdxplusPatient[] {
  const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
  const evidences = JSON.parse(read('release_evidences.json')) as Readonly<Record<string, Evidence>>
  const byCode = new Map(findings.map((row) => [row['ddxplus'], row['id'] ?? '']))
  const byName = new Map(conditions.map((row) => [row['ddxplus'], row['id'] ?? '']))
  const lines = read('ddxplus_patients.csv')
    .trimEnd()
    .split('\n')
    .slice(1, most + 1)
  return lines.flatMap((line) => {
    const [age = '', , sex = '', diagnosis = '', features = ''] = cellsOf(line)
    const condition = byName.get(diagnosis)
    if (condition === undefined) return []
    const codes = [...features.matchAll(/'([^']+)'/g)].map(([, code = '']) => code)
    const roots = codes.flatMap((code) => byCode.get(code.split('_@_')[0] ?? '') ?? [])
    const sites = codes
      .filter((code) => code.startsWith(`${painSite}_@_`))
      .map((code) => evidences[painSite]?.value_meaning[code.slice(`${painSite}_@_`.length)]?.en ?? '')
    const places = painRegions.filter(([, where]) => sites.some((site) => where.test(site))).map(([id]) => id)
    const present = [...new Set([...roots, ...places])]
    return [{ ageYears: Number(age), sex: sex === 'F' ? ('female' as const) : ('male' as const), condition, present }]
  })
}
